import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { dockerAnswers } from './docker.ts';
import { ambientEnvironment } from './environment.ts';

export type RedisKind = 'given' | 'process' | 'container' | 'embedded';

/** The Redis that tests get on this machine. */
export interface RedisCapability {
  readonly kind: RedisKind;
  /** Which Redis it is and why, for people. */
  readonly describe: string;
  /** The server to run for tests that kill or restart theirs, which a given Redis cannot serve. */
  readonly serverBin: string | undefined;
}

const SERVER_NAMES = ['valkey-server', 'redis-server'];

/**
 * What {@link startRedis} would choose: `REDIS_URL`; the server that `REDIS_SERVER_BIN` or PATH names; Docker; the
 * embedded Redis. `DISTRIBUTARY_REDIS=embedded` chooses the last.
 */
export function redisCapability(environment: NodeJS.ProcessEnv = ambientEnvironment): RedisCapability {
  if (environment['DISTRIBUTARY_REDIS'] === 'embedded') return embedded('DISTRIBUTARY_REDIS asks for it');
  const server = findServer(environment);
  const serverBin = server?.bin;
  if (environment['REDIS_URL']) {
    return { kind: 'given', describe: 'the server that REDIS_URL names', serverBin };
  }
  if (server) return { kind: 'process', describe: `${server.bin}, ${server.because}`, serverBin };
  if (dockerAnswers(environment)) {
    return { kind: 'container', describe: 'a container: no server on PATH, but Docker answers', serverBin };
  }
  return embedded('no server on PATH and no Docker');
}

function embedded(because: string): RedisCapability {
  return { kind: 'embedded', describe: `the embedded Redis: ${because}`, serverBin: undefined };
}

function findServer(environment: NodeJS.ProcessEnv): { bin: string; because: string } | undefined {
  const named = environment['REDIS_SERVER_BIN'];
  if (named) return { bin: named, because: 'which REDIS_SERVER_BIN names' };
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(Boolean);
  const bin = SERVER_NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  return bin ? { bin, because: 'found on PATH' } : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
