import { ambientEnvironment } from './environment.ts';
import { type RedisKind, redisCapability } from './redis-capability.ts';
import type { RedisFixture } from './redis-fixture.ts';
import { RedisProcess } from './redis-process.ts';

export interface StartRedisOptions {
  /** More arguments for the server, such as `['--maxmemory', '20mb']`; they need a process. */
  readonly args?: readonly string[];
  /**
   * Keeps data in an append-only file that is synced before each reply, so that what was acknowledged survives `kill`
   * and `restart`: with `everysec` Redis puts off writing while a sync is under way, and a kill on a busy disk loses
   * up to two seconds of it. Default false.
   */
  readonly persistent?: boolean;
  /** Takes a server process or throws. Default: whether `args` or `persistent` are given. */
  readonly requireProcess?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
}

const IMAGE = 'redis:8.2';

/**
 * Starts, or finds, the Redis that {@link redisCapability} names.
 * @throws Error when a server process is required and none is to be had
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisFixture> {
  const { args = [], persistent = false, environment = ambientEnvironment } = options;
  const { kind, describe, serverBin } = redisCapability(environment);
  const requireProcess = options.requireProcess ?? (persistent || args.length > 0);
  if (requireProcess || kind === 'process') {
    if (serverBin) return RedisProcess.start({ bin: serverBin, describe, args, persistent });
    throw new Error(
      `A Redis server process is needed, and there is only ${describe}. ` +
        'Install redis-server or valkey-server, or name one in REDIS_SERVER_BIN.',
    );
  }
  if (kind === 'given') return given(environment['REDIS_URL'] as string, describe);
  return kind === 'container' ? startContainer(describe) : startEmbedded(describe);
}

function given(url: string, describe: string): RedisFixture {
  const port = Number(new URL(url).port || 6379);
  return { url, port, kind: 'given', describe, ...outOfReach('given'), [Symbol.asyncDispose]: async () => undefined };
}

async function startContainer(describe: string): Promise<RedisFixture> {
  const { RedisContainer } = await import('@testcontainers/redis');
  const container = await new RedisContainer(IMAGE).start();
  return {
    url: container.getConnectionUrl(),
    port: container.getPort(),
    kind: 'container',
    describe,
    ...outOfReach('container'),
    [Symbol.asyncDispose]: async () => void (await container.stop()),
  };
}

async function startEmbedded(describe: string): Promise<RedisFixture> {
  const { createRedisServer } = await import('js-redis-server');
  const server = await createRedisServer({ port: 0 });
  return {
    url: `redis://127.0.0.1:${server.port}`,
    port: server.port,
    kind: 'embedded',
    describe,
    ...outOfReach('embedded'),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

type ProcessControl = Pick<RedisFixture, 'kill' | 'restart' | 'pause' | 'resume'>;

function outOfReach(kind: RedisKind): ProcessControl {
  const refuse = async (): Promise<never> => {
    throw new Error(`This Redis is ${kind}, not a process of this test: start it with requireProcess.`);
  };
  return { kill: refuse, restart: refuse, pause: refuse, resume: refuse };
}
