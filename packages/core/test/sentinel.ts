import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisConnection, Secret } from '@distributary/core';
import {
  freePort,
  type RedisFixture,
  redisCapability,
  startRedis,
  type TemporaryFolder,
  temporaryFolder,
  until,
} from '@distributary/testing';
import { describe } from 'vitest';

/** A suite that needs a server which can run as Sentinel; elsewhere it is skipped by name. */
export function describeWithSentinel(name: string, define: () => void): void {
  const { serverBin } = redisCapability();
  // Whatever can run as Sentinel goes on to look for the file.
  const probe =
    serverBin && spawnSync(serverBin, ['/nonexistent.conf', '--sentinel'], { encoding: 'utf8', timeout: 10_000 });
  if (probe && /nonexistent\.conf/.test(probe.stdout + probe.stderr)) describe(name, define);
  else describe.skip(`${name} (needs Sentinel: REDIS_SERVER_BIN=/path/to/redis-server npm test)`, define);
}

const MASTER = 'log_master';

/** A primary, a replica that follows it, and the one Sentinel that watches both. */
export class SentinelSetup implements AsyncDisposable {
  readonly primary: RedisFixture;
  readonly replica: RedisFixture;
  /** What a consumer is given. */
  readonly url: string;
  readonly #sentinel: ChildProcess;
  readonly #port: number;
  readonly #folder: TemporaryFolder;

  private constructor(
    servers: { readonly primary: RedisFixture; readonly replica: RedisFixture },
    sentinel: { readonly port: number; readonly child: ChildProcess; readonly folder: TemporaryFolder },
  ) {
    this.primary = servers.primary;
    this.replica = servers.replica;
    this.url = `redis+sentinel://127.0.0.1:${sentinel.port}/${MASTER}`;
    this.#port = sentinel.port;
    this.#sentinel = sentinel.child;
    this.#folder = sentinel.folder;
  }

  /** @param password what the Sentinel asks of its clients */
  static async start(password?: string): Promise<SentinelSetup> {
    const primary = await startRedis({ requireProcess: true });
    const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(primary.port)] });
    await ask(replica.port, 'ROLE', ([, , , state]) => String(state) === 'connected');
    const folder = await temporaryFolder();
    const port = await freePort();
    const file = join(folder.path, 'sentinel.conf');
    await writeFile(
      file,
      `port ${port}
bind 127.0.0.1
dir ${folder.path}
sentinel monitor ${MASTER} 127.0.0.1 ${primary.port} 1
sentinel down-after-milliseconds ${MASTER} 500
sentinel failover-timeout ${MASTER} 2000
${password ? `requirepass ${password}` : ''}
`,
    );
    const child = spawn(redisCapability().serverBin as string, [file, '--sentinel'], { stdio: 'ignore' });
    await ask(port, `SENTINEL REPLICAS ${MASTER}`, (replicas) => replicas.length === 1, password);
    return new SentinelSetup({ primary, replica }, { port, child, folder });
  }

  /** Has Sentinel promote the replica and demote the primary, which both go on running. */
  async failOver(): Promise<void> {
    await ask(this.#port, `SENTINEL FAILOVER ${MASTER}`, () => true);
    const promoted = String(this.replica.port);
    await ask(this.#port, `SENTINEL GET-MASTER-ADDR-BY-NAME ${MASTER}`, ([, port]) => String(port) === promoted);
    // Sentinel would come to this by itself, after some ten seconds.
    await ask(this.primary.port, `REPLICAOF 127.0.0.1 ${promoted}`, () => true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#sentinel, 'exit');
    this.#sentinel.kill('SIGKILL');
    await Promise.all([
      ended,
      this.primary[Symbol.asyncDispose](),
      this.replica[Symbol.asyncDispose](),
      this.#folder[Symbol.asyncDispose](),
    ]);
  }
}

async function ask(
  port: number,
  command: string,
  isReady: (reply: unknown[]) => boolean,
  password?: string,
): Promise<void> {
  const url = `redis://127.0.0.1:${port}`;
  const connection = new RedisConnection({ url, ...(password ? { password: new Secret(password) } : {}) }, 'test');
  const [name, ...args] = command.split(' ') as [string, ...string[]];
  try {
    await until(async () => isReady((await connection.call(name, ...args)) as unknown[]), { describe: command });
  } finally {
    connection.close();
  }
}
