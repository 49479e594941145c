import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Entry,
  type EntryId,
  type GroupStatus,
  groupKey,
  groupStatus,
  RedisConnection,
  readDeadLetter,
} from '@distributary/core';
import {
  type CollectorFixture,
  type ElasticsearchFixture,
  type RedisFixture,
  type StartedProcess,
  type StartRedisOptions,
  type StoredDocument,
  startCollector,
  startElasticsearch,
  startRedis,
  type TemporaryFolder,
  temporaryFolder,
  until,
} from '@distributary/testing';
import { Redis } from 'ioredis';
import { startCommand } from './commands.ts';

export const STREAM = 'syslog_stream';
export const NOC = 'consumers/noc';
export const SECURITY = 'consumers/security';

/** An entry as a team holds it. */
export interface Copy {
  readonly entryId: string;
  readonly eid: string | undefined;
  /** What the destination knows it by. */
  readonly identity: string;
  readonly line: string;
  readonly bytes: Buffer;
}

export interface HouseOptions {
  /** Takes the stand-in even where `ELASTICSEARCH_URL` names a server: for tests that set faults. */
  readonly standIn?: boolean;
  /** Of its Redis, which keeps what it acknowledged unless `args` say otherwise. */
  readonly redis?: StartRedisOptions;
  /** The lease of its consumers. Default 1,500. */
  readonly claimIdleMs?: number;
}

export type Group = 'noc_team' | 'sec_team';

/** Redis, both destinations and the teams' processes on demand: the whole of Distributary for one test. */
export class House implements AsyncDisposable {
  readonly redis: RedisFixture;
  readonly elasticsearch: ElasticsearchFixture;
  readonly collector: CollectorFixture;
  readonly admin: Redis;
  readonly claimIdleMs: number;
  readonly #status: RedisConnection;
  readonly #index = `guarantee-${randomUUID()}`;
  readonly #folder: TemporaryFolder;
  readonly #commands: StartedProcess[] = [];

  private constructor(
    redis: RedisFixture,
    elasticsearch: ElasticsearchFixture,
    collector: CollectorFixture,
    folder: TemporaryFolder,
    claimIdleMs: number,
  ) {
    this.#folder = folder;
    this.claimIdleMs = claimIdleMs;
    this.redis = redis;
    this.elasticsearch = elasticsearch;
    this.collector = collector;
    this.admin = new Redis(redis.url);
    this.admin.on('error', () => undefined);
    this.#status = new RedisConnection({ url: redis.url }, 'guarantees');
  }

  static async open({ standIn = true, redis: redisOptions, claimIdleMs = 1_500 }: HouseOptions = {}): Promise<House> {
    const redis = await startRedis({ requireProcess: true, persistent: true, ...redisOptions });
    return new House(
      redis,
      await startElasticsearch({ standIn, process: true }),
      await startCollector({ standIn: true, process: true }),
      await temporaryFolder(),
      claimIdleMs,
    );
  }

  /** What a consumer's process needs to know of this house; short leases, so that taking over is soon seen. */
  get environment(): Record<string, string> {
    const { apiKey, username, password } = this.elasticsearch.auth;
    return {
      REDIS_URL: this.redis.url,
      ELASTICSEARCH_URL: this.elasticsearch.url,
      ELASTICSEARCH_INDEX: `${this.#index}-{yyyy.MM.dd}`,
      ...(apiKey ? { ELASTICSEARCH_API_KEY: apiKey } : {}),
      ...(username && password ? { ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password } : {}),
      SIEM_URL: this.collector.url,
      SIEM_TOKEN: 'test-token-of-the-siem',
      DISTRIBUTARY_CLAIM_IDLE_MS: String(this.claimIdleMs),
      // A test of metrics asks for a port of its own.
      DISTRIBUTARY_METRICS_PORT: '0',
    };
  }

  /** `distributary run` with this house's environment, ended with it. */
  run(...args: string[]): StartedProcess {
    return this.#start(['run', ...args]);
  }

  /** The same, as another host or pod whose consumers have names of their own. */
  runAs(host: string, ...args: string[]): StartedProcess {
    return this.#start(['run', ...args], { DISTRIBUTARY_CONSUMER: host });
  }

  /** The same, of a copy of this repository. */
  runFrom(top: string, host: string, ...args: string[]): StartedProcess {
    return this.#start(['run', ...args], { DISTRIBUTARY_CONSUMER: host }, top);
  }

  /** The same, with Redis at that URL. */
  runAt(url: string, ...args: string[]): StartedProcess {
    return this.#start(['run', ...args], { REDIS_URL: url });
  }

  /** Where a shipper of this house reads. */
  get pipe(): string {
    return join(this.#folder.path, 'syslog_stream');
  }

  /** `distributary ship` on this house's pipe and write-ahead log, ended with it; resolves once it reads. */
  async ship(): Promise<StartedProcess> {
    const shipper = this.#start([
      'ship',
      '--fifo',
      this.pipe,
      '--wal',
      join(this.#folder.path, 'wal'),
      '--name',
      'house',
    ]);
    await until(() => shipper.log().some(({ msg }) => msg === 'the write-ahead log is open') && existsSync(this.pipe), {
      timeoutMs: 30_000,
      describe: 'the shipper to read its pipe',
    });
    return shipper;
  }

  #start(args: readonly string[], own: Record<string, string> = {}, top?: string): StartedProcess {
    const command = startCommand(args, { ...this.environment, ...own }, top);
    this.#commands.push(command);
    return command;
  }

  /** Adds lines as the shipper does, those with an even number under an `eid`. @returns the entry IDs in order */
  async add(lines: readonly (string | Buffer)[]): Promise<string[]> {
    const pipeline = this.admin.pipeline();
    lines.forEach((line, i) => {
      pipeline.xadd(STREAM, '*', 'line', line, ...(i % 2 === 0 ? ['eid', `test.${randomUUID()}.${i}`] : []));
    });
    return ((await pipeline.exec()) ?? []).map(([error, id]) => {
      if (error) throw error;
      return String(id);
    });
  }

  status(group: Group): Promise<GroupStatus> {
    return groupStatus(this.#status, { stream: STREAM, group });
  }

  /** Resolves once the groups have acknowledged everything that the stream holds. */
  async settled(...groups: readonly Group[]): Promise<void> {
    for (const group of groups) {
      const isSettled = async () => {
        const { exists, pending, lagMs, lagEntries } = await this.status(group);
        return exists && pending === 0 && lagMs === 0 && (lagEntries ?? 0) === 0;
      };
      await until(isSettled, { timeoutMs: 60_000, describe: `${group} to have acknowledged everything` });
    }
  }

  /** The group's dead letters, each as the ID of its entry and the verdict. */
  async setAside(group: Group): Promise<string[]> {
    const letters = await this.admin.xrangeBuffer(groupKey(STREAM, group, 'dead-letters'), '-', '+');
    return letters.map((letter) => {
      const { envelope } = readDeadLetter(entryOf(letter));
      return `${envelope.entryId} ${envelope.verdict}`;
    });
  }

  async nocCopies(): Promise<Copy[]> {
    return (await this.elasticsearch.stored(`${this.#index}-*`)).map((stored) => copyOf(stored, stored.document));
  }

  async securityCopies(): Promise<Copy[]> {
    return (await this.collector.stored()).map((stored) => copyOf(stored, stored.document['event']));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#commands.map(endAtOnce));
    this.admin.disconnect();
    this.#status.close();
    await this.collector[Symbol.asyncDispose]();
    await this.elasticsearch[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** An entry as XRANGE gives it in bytes. */
export function entryOf([id, fields]: readonly [id: Buffer, fields: Buffer[]]): Entry {
  return new Entry(id.toString('latin1') as EntryId, fields);
}

/** The different entries among copies, as sorted IDs: what a comparison with the stream needs. */
export function entryIds(copies: readonly Copy[]): string[] {
  return [...new Set(copies.map(({ entryId }) => entryId))].sort();
}

/** The second signal is for a drain that a destination out of order would hold up. */
async function endAtOnce(command: StartedProcess): Promise<void> {
  command.process.kill('SIGTERM');
  await command.end('SIGINT');
}

function copyOf({ id }: StoredDocument, document: unknown): Copy {
  const { event, distributary } = document as {
    event: { original: string };
    distributary: { entry_id: string; eid?: string; line_base64?: string };
  };
  const { line_base64: base64 } = distributary;
  return {
    entryId: distributary.entry_id,
    eid: distributary.eid,
    identity: id,
    line: event.original,
    bytes: base64 === undefined ? Buffer.from(event.original) : Buffer.from(base64, 'base64'),
  };
}
