import { randomUUID } from 'node:crypto';
import { type GroupStatus, groupStatus, RedisConnection } from '@distributary/core';
import {
  type CollectorFixture,
  type ElasticsearchFixture,
  type RedisFixture,
  type StoredDocument,
  startCollector,
  startElasticsearch,
  startRedis,
} from '@distributary/testing';
import { Redis } from 'ioredis';
import { type RunningTeams, runTeams } from './run-teams.ts';

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
}

/** Redis, both destinations and the teams' processes on demand: the whole of Distributary for one test. */
export class House implements AsyncDisposable {
  readonly redis: RedisFixture;
  readonly elasticsearch: ElasticsearchFixture;
  readonly collector: CollectorFixture;
  readonly admin: Redis;
  readonly #status: RedisConnection;
  readonly #index = `guarantee-${randomUUID()}`;
  readonly #teams: RunningTeams[] = [];

  private constructor(redis: RedisFixture, elasticsearch: ElasticsearchFixture, collector: CollectorFixture) {
    this.redis = redis;
    this.elasticsearch = elasticsearch;
    this.collector = collector;
    this.admin = new Redis(redis.url);
    this.admin.on('error', () => undefined);
    this.#status = new RedisConnection({ url: redis.url }, 'guarantees');
  }

  static async open({ standIn = true }: HouseOptions = {}): Promise<House> {
    const redis = await startRedis({ requireProcess: true, persistent: true });
    return new House(
      redis,
      await startElasticsearch({ standIn, process: true }),
      await startCollector({ standIn: true, process: true }),
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
      DISTRIBUTARY_CLAIM_IDLE_MS: '1500',
    };
  }

  /** `distributary run` with this house's environment, ended with it. */
  run(...args: string[]): RunningTeams {
    const teams = runTeams(args, this.environment);
    this.#teams.push(teams);
    return teams;
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

  status(group: 'noc_team' | 'sec_team'): Promise<GroupStatus> {
    return groupStatus(this.#status, { stream: STREAM, group });
  }

  async nocCopies(): Promise<Copy[]> {
    return (await this.elasticsearch.stored(`${this.#index}-*`)).map((stored) => copyOf(stored, stored.document));
  }

  async securityCopies(): Promise<Copy[]> {
    return (await this.collector.stored()).map((stored) => copyOf(stored, stored.document['event']));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#teams.map((teams) => teams[Symbol.asyncDispose]()));
    this.admin.disconnect();
    this.#status.close();
    await this.collector[Symbol.asyncDispose]();
    await this.elasticsearch[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
  }
}

/** The different entries among copies, as sorted IDs: what a comparison with the stream needs. */
export function entryIds(copies: readonly Copy[]): string[] {
  return [...new Set(copies.map(({ entryId }) => entryId))].sort();
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
