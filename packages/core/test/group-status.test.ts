import { delivered, type EntryId, rejected } from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestSink } from './test-sink.ts';
import { TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Entries a minute apart; the newest was added half an hour ago. */
async function addMinutely(stream: TestStream, count: number): Promise<EntryId[]> {
  const newest = Date.now() - 1_800_000;
  const ids = Array.from({ length: count }, (_, i): EntryId => `${newest - (count - 1 - i) * 60_000}-0`);
  for (const id of ids) await stream.call('XADD', stream.name, id, 'line', id);
  return ids;
}

/** Whether the server counts what a group has read: Redis 7.0. */
async function countsReads(stream: TestStream): Promise<boolean> {
  return ((await stream.call('XINFO', 'STREAM', stream.name)) as unknown[]).map(String).includes('entries-added');
}

describe("a group's status", () => {
  it('says that there is no group, or no stream, yet', async () => {
    await using stream = new TestStream(redis);
    expect(await stream.status()).toMatchObject({ exists: false, pending: 0, lagMs: 0, lost: 0, consumers: [] });
    await stream.add('line', 'x');
    expect(await stream.status()).toMatchObject({ exists: false, lastDeliveredId: null });
  });

  it('counts what is pending, since when, and with whom', async () => {
    await using stream = new TestStream(redis);
    const ids = await addMinutely(stream, 10);
    await stream.readBy('a', 4);
    await stream.readBy('b', 2);
    const status = await stream.status();
    expect(status).toMatchObject({ exists: true, length: 10, pending: 6, lastDeliveredId: ids[5], deadLetters: 0 });
    expect(status.oldestPendingId).toBe(ids[0]);
    expect(status.oldestPendingAgeMs).toBeGreaterThanOrEqual(39 * 60_000);
    expect(status.oldestPendingAgeMs).toBeLessThan(60 * 60_000);
    const consumers = status.consumers.map(({ name, pending }) => [name, pending]);
    expect(consumers).toEqual([
      ['a', 4],
      ['b', 2],
    ]);
    expect(status.consumers.every(({ idleMs }) => idleMs >= 0 && idleMs < 60_000)).toBe(true);
  });

  it('tells the lag in time, and in entries where the server counts them', async () => {
    await using stream = new TestStream(redis);
    await addMinutely(stream, 10);
    await stream.readBy('a', 4);
    expect(await stream.status()).toMatchObject({ lagMs: 6 * 60_000, lost: 0 });
    expect((await stream.status()).lagEntries).toBe((await countsReads(stream)) ? 6 : null);
    await stream.readBy('a', 6);
    expect(await stream.status()).toMatchObject({ lagMs: 0, lagEntries: 0, lost: 0 });
  });

  it('tells the lag of a group that has read nothing yet', async () => {
    await using stream = new TestStream(redis);
    await addMinutely(stream, 10);
    await stream.call('XGROUP', 'CREATE', stream.name, 'noc', '0');
    expect(await stream.status()).toMatchObject({ lagMs: 9 * 60_000, lagEntries: 10, lost: 0 });
  });

  it('counts dead letters', async () => {
    await using stream = new TestStream(redis);
    const [first] = await stream.addMany(3);
    const sink = new TestSink(async (batch) =>
      batch.map(({ id }) => (id === first ? rejected(id, new Error('no')) : delivered(id))),
    );
    const consumer = stream.consumer(sink);
    await consumer.start();
    await until(async () => (await consumer.status()).deadLetters === 1 && (await consumer.status()).pending === 0);
  });

  it('says what to do when the key is no stream', async () => {
    await using stream = new TestStream(redis);
    await stream.call('SET', stream.name, 'text');
    await expect(stream.status()).rejects.toThrow(/status of group noc on stream .*WRONGTYPE.*rename one of the two/);
  });
});

describeWithRedisProcess("a group's losses", () => {
  it('are what was trimmed unread, and no lag', async (test) => {
    await using stream = new TestStream(redis);
    await addMinutely(stream, 10);
    if (!(await countsReads(stream))) return test.skip('needs Redis 7.0');
    await stream.readBy('a', 2);
    await stream.call('XTRIM', stream.name, 'MAXLEN', 4);
    expect(await stream.status()).toMatchObject({ lost: 4, lagEntries: 4 });
    await stream.readBy('a', 3);
    const amid = await stream.status();
    expect(amid.lagMs).toBe(60_000);
    expect(amid.lost).toBeLessThanOrEqual(4);
    expect(amid.lagEntries).toBeGreaterThanOrEqual(1);
    await stream.readBy('a', 1);
    expect(await stream.status()).toMatchObject({ lagEntries: 0, lagMs: 0 });
    expect((await stream.status()).lost).toBeOneOf([0, 4]);
  });

  it('do not include what was trimmed before its first read', async (test) => {
    await using stream = new TestStream(redis);
    await addMinutely(stream, 10);
    if (!(await countsReads(stream))) return test.skip('needs Redis 7.0');
    await stream.call('XTRIM', stream.name, 'MAXLEN', 6);
    await stream.readBy('a', 2);
    expect(await stream.status()).toMatchObject({ lost: 0, lagEntries: 4 });
    await stream.call('XTRIM', stream.name, 'MAXLEN', 1);
    expect(await stream.status()).toMatchObject({ lost: 3, lagEntries: 1 });
  });
});
