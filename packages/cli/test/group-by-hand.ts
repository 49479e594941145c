import { Entry, type EntryId, groupKey, RedisConnection } from '@distributary/core';
import { type RedisFixture, startRedis } from '@distributary/testing';

export const STREAM = 'cli_stream';
export const GROUP = 'file_team';

/** A stream with a group whose entries are handed out, acknowledged and set aside by hand. */
export class GroupByHand implements AsyncDisposable {
  readonly redis: RedisFixture;
  readonly admin: RedisConnection;

  private constructor(redis: RedisFixture) {
    this.redis = redis;
    this.admin = new RedisConnection({ url: redis.url }, 'test');
  }

  static async start(): Promise<GroupByHand> {
    const group = new GroupByHand(await startRedis());
    await group.admin.call('XGROUP', 'CREATE', STREAM, GROUP, '0', 'MKSTREAM');
    return group;
  }

  get environment(): Record<string, string> {
    return { REDIS_URL: this.redis.url };
  }

  async add(...fields: (string | Buffer)[]): Promise<EntryId> {
    return String(await this.admin.call('XADD', STREAM, '*', ...fields)) as EntryId;
  }

  /** Hands the next entries out. */
  async handOut(consumer: string, count = 1): Promise<void> {
    await this.admin.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', STREAM, '>');
  }

  async acknowledge(...ids: EntryId[]): Promise<void> {
    await this.admin.call('XACK', STREAM, GROUP, ...ids);
  }

  /** As a consumer does: stored and acknowledged at once. */
  async setAside(id: EntryId): Promise<void> {
    const [[, parts]] = (await this.admin.call('XRANGE', STREAM, id, id)) as [[Buffer, Buffer[]]];
    const { timestamp } = new Entry(id, parts);
    const envelope = {
      entryId: id,
      stream: STREAM,
      group: GROUP,
      consumer: 'host-1',
      verdict: 'rejected',
      reason: 'the destination refused it',
      attempts: 2,
      addedAt: new Date(timestamp).toISOString(),
      setAsideAt: '2026-11-24T10:00:00.000Z',
    };
    const key = groupKey(STREAM, GROUP, 'dead-letters');
    await this.admin.transaction([
      ['XADD', key, '*', 'distributary', JSON.stringify(envelope), ...parts],
      ['XACK', STREAM, GROUP, id],
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.close();
    await this.redis[Symbol.asyncDispose]();
  }
}
