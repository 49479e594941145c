import { delivered, type RedisArgument, RedisConnection } from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeConsumer } from '../src/consumer-removal.ts';
import { HANDED_BACK } from '../src/keys.ts';
import { TestSink } from './test-sink.ts';
import { GROUP, TestStream } from './test-stream.ts';

/** Long enough that nothing here is taken over because its lease ran out. */
const LONG_LEASE = { claim: { idleMs: 600_000, renewMs: 200_000 } };

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Who holds each pending entry, and how often it was handed out. */
async function pendingOf(stream: TestStream): Promise<{ consumer: string; deliveries: number }[]> {
  const rows = (await stream.call('XPENDING', stream.name, GROUP, '-', '+', 10_000)) as RedisArgument[][];
  return rows.map(([, consumer, , deliveries]) => ({ consumer: String(consumer), deliveries: Number(deliveries) }));
}

async function names(stream: TestStream): Promise<string[]> {
  const consumers = (await stream.call('XINFO', 'CONSUMERS', stream.name, GROUP)) as unknown[][];
  return consumers.map(([, name]) => String(name)).toSorted();
}

/** A sink that neither answers nor heeds its abort signal. */
function hangingSink(): TestSink {
  return new TestSink(() => new Promise(() => undefined));
}

describe('what a consumer cannot finish', () => {
  it('is taken over at once, whatever the lease, and counts as never handed out', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(20);
    const stuck = stream.consumer(hangingSink(), { ...LONG_LEASE, batch: { maxEntries: 5, lingerMs: 0 } });
    await stuck.start();
    await until(() => stuck.inHand.entries === 20);
    await stuck.stop({ timeoutMs: 1_000 });
    expect(stuck.reported('gaveUp')).toEqual([{ entries: 20 }]);
    expect(stuck.reported('handedBack')).toEqual([{ count: 20 }]);
    expect(await pendingOf(stream)).toEqual(ids.map(() => ({ consumer: HANDED_BACK, deliveries: 0 })));
    const sink = new TestSink();
    const sibling = stream.consumer(sink, { ...LONG_LEASE, consumer: 'b' });
    await sibling.start();
    await until(() => sink.confirmed.length === 20);
    expect(sink.confirmed).toEqual(ids);
    expect(sibling.reported('takenBack').flatMap(({ suspects }) => suspects)).toEqual([]);
  });

  it('is found by a sibling that has nothing to do, without waiting for half a lease', async () => {
    await using stream = new TestStream(redis);
    const sink = new TestSink();
    await stream.consumer(sink, { ...LONG_LEASE, consumer: 'b' }).start();
    await until(async () => (await names(stream)).includes('b'));
    const ids = await stream.addMany(3);
    await until(() => sink.confirmed.length === 3);
    await stream.call('XGROUP', 'SETID', stream.name, GROUP, '0');
    await stream.readBy('a', 3);
    const stuck = stream.consumer(hangingSink(), LONG_LEASE);
    await stuck.start();
    await until(() => stuck.inHand.entries === 3);
    await stuck.stop({ timeoutMs: 1_000 });
    await until(() => sink.confirmed.length === 6, { timeoutMs: 10_000 });
    expect(sink.confirmed.slice(3)).toEqual(ids);
  });

  it('is all that is pending for it, also what a lost reply brought and it never saw', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(1);
    const gate = Promise.withResolvers<void>();
    const sink = new TestSink(async (batch) => {
      await gate.promise;
      return batch.map(({ id }) => delivered(id));
    });
    const consumer = stream.consumer(sink, LONG_LEASE);
    await consumer.start();
    await until(() => sink.batches.length === 1);
    const stopping = consumer.stop();
    await stream.addMany(2_500);
    await stream.readBy('a', 2_500);
    gate.resolve();
    await stopping;
    expect(consumer.reported('gaveUp')).toEqual([]);
    const held = await pendingOf(stream);
    expect(held.length).toBeGreaterThan(1_000);
    expect(held.length + sink.confirmed.length).toBe(2_501);
    expect(new Set(held.map(({ consumer: by }) => by))).toEqual(new Set([HANDED_BACK]));
  });

  it('may be confirmed by its sink until then, and what was is not handed back', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(10);
    const sink = new TestSink(async (batch, signal) => {
      if (sink.batches.length === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return batch.map(({ id }) => delivered(id));
    });
    const consumer = stream.consumer(sink, { ...LONG_LEASE, batch: { maxEntries: 5, lingerMs: 0 } });
    await consumer.start();
    await until(() => consumer.inHand.entries === 10);
    await consumer.stop({ timeoutMs: 1_000 });
    expect(sink.confirmed).toHaveLength(5);
    expect(consumer.reported('handedBack')).toEqual([{ count: 5 }]);
    expect(await stream.pending()).toBe(5);
  });

  it('stays with it when it was broken: no sibling is to break at once as well', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(3);
    const consumer = stream.consumer(new TestSink(async () => []), LONG_LEASE);
    await consumer.start();
    await expect(consumer.finished).rejects.toThrow();
    expect(consumer.reported('handedBack')).toEqual([]);
    expect(new Set((await pendingOf(stream)).map(({ consumer: by }) => by))).toEqual(new Set(['a']));
  });
});

describeWithRedisProcess('entries that were trimmed while they were in hand', () => {
  it('are reported as lost when they cannot be handed back', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(6);
    const consumer = stream.consumer(hangingSink(), LONG_LEASE);
    await consumer.start();
    await until(() => consumer.inHand.entries === 6);
    await stream.call('XTRIM', stream.name, 'MAXLEN', 2);
    await consumer.stop({ timeoutMs: 1_000 });
    expect(consumer.reported('lost')).toEqual([{ count: 4, ids: ids.slice(0, 4) }]);
    expect(consumer.reported('handedBack')).toEqual([{ count: 2 }]);
  });
});

describe("a consumer's name", () => {
  it('leaves the group with it, whether it finished or handed back', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(5);
    const [done, stuck] = [stream.consumer(new TestSink()), stream.consumer(hangingSink(), { consumer: 'stuck' })];
    await done.start();
    await until(async () => (await stream.status()).lagEntries === 0 && (await stream.pending()) === 0);
    await done.stop();
    await stream.addMany(5);
    await stuck.start();
    await until(() => stuck.inHand.entries > 0);
    await stuck.stop({ timeoutMs: 1_000 });
    expect(await names(stream)).toEqual([HANDED_BACK]);
    expect((await stream.status()).consumers).toEqual([]);
  });

  it('comes back with the next read when it was removed from under a consumer that waits', async () => {
    await using stream = new TestStream(redis);
    const sink = new TestSink();
    await stream.consumer(sink).start();
    await until(async () => (await names(stream)).includes('a'));
    expect(await removeConsumer(stream.redis, { stream: stream.name, group: GROUP, consumer: 'a' })).toBe(true);
    const ids = await stream.addMany(3);
    await until(() => sink.confirmed.length === 3);
    expect(sink.confirmed).toEqual(ids);
    await until(async () => (await names(stream)).includes('a'));
  });

  it('is never removed together with an entry, however close one is claimed for it', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(50);
    await stream.readBy('other', 50);
    await using stack = new AsyncDisposableStack();
    const second = new RedisConnection({ url: redis.url }, 'test');
    stack.defer(() => second.close());
    const identity = { stream: stream.name, group: GROUP, consumer: 'leaving' };
    for (const id of ids) {
      const removing = removeConsumer(second, identity);
      await stream.call('XCLAIM', stream.name, GROUP, 'leaving', 0, id, 'JUSTID');
      await removing;
      await stream.call('XCLAIM', stream.name, GROUP, 'other', 0, id, 'JUSTID');
    }
    expect(await stream.pending()).toBe(50);
    await stream.call('XCLAIM', stream.name, GROUP, 'leaving', 0, String(ids[0]), 'JUSTID');
    expect(await removeConsumer(second, identity)).toBe(false);
    expect(await stream.pending()).toBe(50);
  });
});

describeWithRedisProcess('a user that may not run scripts', () => {
  it('hands back all the same, and leaves its name to the janitor', async () => {
    await using own = await startRedis({ requireProcess: true });
    await using stream = new TestStream(own);
    await stream.call(
      ...((
        `ACL SETUSER noc on >secret resetkeys resetchannels -@all +info +command|info +client|setname +select +multi +exec ` +
        `~${stream.name} +xgroup|create +xreadgroup +xautoclaim +xclaim +xack +xpending +xinfo|stream +xinfo|groups`
      ).split(' ') as [string, ...string[]]),
    );
    await stream.addMany(3);
    const url = `redis://noc:secret@127.0.0.1:${own.port}`;
    const consumer = stream.consumer(hangingSink(), { ...LONG_LEASE, redis: { url } });
    await consumer.start();
    await until(() => consumer.inHand.entries === 3);
    await consumer.stop({ timeoutMs: 1_000 });
    await consumer.finished;
    expect(consumer.reported('handedBack')).toEqual([{ count: 3 }]);
    expect(await names(stream)).toEqual(['a', HANDED_BACK]);
  });
});
