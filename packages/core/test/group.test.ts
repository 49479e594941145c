import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestSink } from './test-sink.ts';
import { GROUP, TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

describe('a group that is not there', () => {
  it('is created together with its stream, so that a team may come before its first entry', async () => {
    await using stream = new TestStream(redis);
    const sink = new TestSink();
    const consumer = stream.consumer(sink);
    await consumer.start();
    expect(consumer.reported('groupCreated')).toEqual([{ startFrom: 'beginning' }]);
    expect(String(await stream.call('TYPE', stream.name))).toBe('stream');
    const ids = await stream.addMany(2);
    await until(() => sink.confirmed.length === 2);
    expect(sink.confirmed).toEqual(ids);
  });

  it('begins where startFrom says: with everything that the stream holds, or with what comes', async () => {
    await using stream = new TestStream(redis);
    const before = await stream.addMany(3);
    const [all, later] = [new TestSink(), new TestSink()];
    await stream.consumer(all, { group: 'all' }).start();
    await stream.consumer(later, { group: 'later', startFrom: 'now' }).start();
    const after = await stream.addMany(3);
    await until(() => all.confirmed.length === 6 && later.confirmed.length === 3);
    expect(all.confirmed).toEqual([...before, ...after]);
    expect(later.confirmed).toEqual(after);
  });

  it('is created once by consumers that start at once, and taken as it is by those that come later', async () => {
    await using stream = new TestStream(redis);
    const consumers = Array.from({ length: 5 }, (_, i) => stream.consumer(new TestSink(), { consumer: `c${i}` }));
    await Promise.all(consumers.map((consumer) => consumer.start()));
    expect(consumers.flatMap((consumer) => consumer.reported('groupCreated'))).toHaveLength(1);
    const late = stream.consumer(new TestSink(), { consumer: 'late', startFrom: 'now' });
    await late.start();
    expect(late.reported('groupCreated')).toEqual([]);
    expect(late.state).toBe('running');
  });
});

describe('what a consumer reads', () => {
  it('is its own pending entries, then those that others left idle, then new ones', async () => {
    await using stream = new TestStream(redis);
    const orphans = await stream.addMany(20);
    await stream.readBy('dead', 20);
    const own = await stream.addMany(20);
    await stream.readBy('a', 20);
    const fresh = await stream.addMany(20);
    await until(async () => (await stream.status()).consumers.every(({ idleMs }) => idleMs > 200));
    const sink = new TestSink();
    const consumer = stream.consumer(sink, { claim: { idleMs: 200, renewMs: 100 } });
    await consumer.start();
    await until(async () => (await stream.pending()) === 0 && sink.confirmed.length === 60);
    const order = [own, orphans, fresh].map((ids) => sink.confirmed.indexOf(ids[0] as never));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(sink.confirmed.slice(0, 20)).toEqual(own);
    expect(new Set(sink.confirmed).size).toBe(60);
  });

  it('comes over one connection while the other acknowledges, and both are gone when it has stopped', async () => {
    await using stream = new TestStream(redis);
    const clients = async () =>
      String(await stream.call('CLIENT', 'LIST'))
        .split('\n')
        .flatMap((line) => / name=(one-of-its-kind:\S*)/.exec(line)?.[1] ?? [])
        .toSorted();
    const consumer = stream.consumer(new TestSink(), { group: 'one-of-its-kind' });
    await consumer.start();
    await until(async () => (await clients()).length === 2);
    expect(await clients()).toEqual(['one-of-its-kind:a:commands', 'one-of-its-kind:a:reader']);
    await consumer.stop();
    await until(async () => (await clients()).length === 0);
  });
});

describeWithRedisProcess('a batch', () => {
  it('is acknowledged with one XACK per batch', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(100);
    await stream.call('XGROUP', 'CREATE', stream.name, GROUP, '0');
    await stream.readBy('a', 100);
    const acks = async () => {
      const line = /cmdstat_xack:calls=(\d+)/.exec(String(await stream.call('INFO', 'commandstats')));
      return Number(line?.[1] ?? 0);
    };
    const before = await acks();
    const sink = new TestSink();
    await stream.consumer(sink, { batch: { maxEntries: 25 } }).start();
    await until(async () => (await stream.pending()) === 0);
    expect((await acks()) - before).toBe(sink.batches.length);
    expect(sink.batches.length).toBeLessThan(50);
  });
});
