import { delivered, type EntryId, rejected, systemClock } from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, TcpProxy, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestSink } from './test-sink.ts';
import { GROUP, TestStream } from './test-stream.ts';

/** Leases short enough for a test; the heartbeat comes every 75 ms. */
const CLAIM = { idleMs: 1_000, renewMs: 300 };

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

describe('a consumer that starts', () => {
  it('delivers its own pending entries before new ones', async () => {
    await using stream = new TestStream(redis);
    const old = await stream.addMany(30);
    await stream.readBy('a', 30);
    const fresh = await stream.addMany(5);
    const sink = new TestSink();
    const consumer = stream.consumer(sink);
    await consumer.start();
    await until(async () => sink.confirmed.length === 35 && (await stream.pending()) === 0);
    expect(sink.confirmed).toEqual([...old, ...fresh]);
    const back = consumer.reported('takenBack');
    expect(back.every(({ origin }) => origin === 'own')).toBe(true);
    expect(back.reduce((total, { count }) => total + count, 0)).toBe(30);
  });

  it('takes over what a dead consumer left, although older entries are still being worked on', async () => {
    await using stream = new TestStream(redis);
    const held = await stream.addMany(1_500);
    await stream.readBy('slow', 1_500);
    const orphans = await stream.addMany(300);
    await stream.readBy('dead', 300);
    await until(async () => Number((await stream.status()).consumers[0]?.idleMs) > 300);
    await stream.call('XCLAIM', stream.name, GROUP, 'slow', 0, ...held, 'JUSTID');
    const renewing = setInterval(() => {
      stream.call('XCLAIM', stream.name, GROUP, 'slow', 0, ...held, 'JUSTID').catch(() => undefined);
    }, 100);
    try {
      const sink = new TestSink();
      const consumer = stream.consumer(sink, { claim: { idleMs: 600, renewMs: 200 } });
      await consumer.start();
      await until(() => sink.confirmed.length >= 300);
      expect(new Set(sink.confirmed)).toEqual(new Set(orphans));
      expect(consumer.reported('takenBack').every(({ origin }) => origin === 'claimed')).toBe(true);
    } finally {
      clearInterval(renewing);
    }
  });

  it('keeps delivering new entries while it takes over old ones', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(200);
    await stream.readBy('dead', 200);
    const sink = new TestSink();
    await stream
      .consumer(sink, { claim: { idleMs: 200, renewMs: 100 }, batch: { maxEntries: 10, lingerMs: 0 } })
      .start();
    const fresh = new Set(await stream.addMany(50));
    await until(() => sink.confirmed.length === 250);
    const firstFresh = sink.confirmed.findIndex((id) => fresh.has(id));
    expect(firstFresh).toBeLessThan(200);
  });
});

describe('a lease', () => {
  it('is renewed while a slow sink works, so that nobody else delivers the same entries', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(20);
    const gate = Promise.withResolvers<void>();
    const slow = new TestSink(async (batch) => {
      await gate.promise;
      return batch.map(({ id }) => delivered(id));
    });
    await stream.consumer(slow, { claim: CLAIM }).start();
    await until(async () => (await stream.pending()) === 20);
    const other = new TestSink();
    const second = stream.consumer(other, { consumer: 'b', claim: CLAIM });
    await second.start();
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 3 * CLAIM.idleMs);
    gate.resolve();
    await until(async () => (await stream.pending()) === 0);
    expect(slow.confirmed).toEqual(ids);
    expect(other.confirmed).toEqual([]);
  });

  it('of two consumers with one name costs duplicates at most', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(500);
    const sinks = [new TestSink(), new TestSink()];
    const options = { batch: { maxEntries: 20, lingerMs: 0 } };
    await Promise.all(sinks.map((sink) => stream.consumer(sink, options).start()));
    await until(async () => (await stream.status()).lagEntries === 0 && (await stream.pending()) === 0);
    expect(new Set(sinks.flatMap((sink) => sink.confirmed))).toEqual(new Set(ids));
  });
});

describe('entries trimmed while they were pending', () => {
  it.each([
    ['by this consumer', 'a'],
    ['by one that is gone', 'dead'],
  ])('are counted exactly, reported once and cleared (%s)', async (_, owner) => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(10);
    await stream.readBy(owner, 10);
    await stream.call('XTRIM', stream.name, 'MINID', ids[7] as EntryId);
    const sink = new TestSink();
    const consumer = stream.consumer(sink, { claim: { idleMs: 200, renewMs: 100 } });
    await consumer.start();
    await until(async () => (await stream.pending()) === 0);
    expect(sink.confirmed).toEqual(ids.slice(7));
    expect(consumer.reported('lost').flatMap((event) => event.ids)).toEqual(ids.slice(0, 7));
    expect(consumer.reported('lost').reduce((total, { count }) => total + count, 0)).toBe(7);
  });

  it('are not lost when they are in hand', async () => {
    await using stream = new TestStream(redis);
    await using proxy = await TcpProxy.to(redis.port);
    const ids = await stream.addMany(5);
    const gate = Promise.withResolvers<void>();
    const sink = new TestSink(async (batch) => {
      await gate.promise;
      return batch.map(({ id }) => delivered(id));
    });
    const consumer = stream.consumer(sink, { redis: { url: proxy.url } });
    await consumer.start();
    await until(() => consumer.inHand.entries === 5);
    await stream.call('XTRIM', stream.name, 'MAXLEN', 0);
    proxy.reset();
    await until(() => consumer.reported('redisRecovered').length === 1);
    gate.resolve();
    await until(async () => (await stream.pending()) === 0);
    expect(sink.confirmed).toEqual(ids);
    expect(consumer.reported('lost')).toEqual([]);
  });
});

describeWithRedisProcess('entries trimmed before they were read', () => {
  it('are counted and reported by a consumer that was held up, each time', async (test) => {
    await using stream = new TestStream(redis);
    let ahead = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + ahead };
    let gate = Promise.withResolvers<void>();
    const sink = new TestSink(async (batch) => {
      await gate.promise;
      return batch.map(({ id }) => delivered(id));
    });
    const options = { batch: { maxEntries: 2, lingerMs: 0 }, readAhead: { maxEntries: 2 } };
    const consumer = stream.consumer(sink, options, clock);
    await consumer.start();
    const told = () => consumer.reported('lost').map(({ count }) => count);
    for (const rounds of [1, 2]) {
      await stream.addMany(10);
      await until(() => consumer.inHand.entries === 2);
      const about = (await stream.call('XINFO', 'STREAM', stream.name)) as unknown[];
      if (!about.map(String).includes('entries-added')) return test.skip('needs Redis 7.0');
      await stream.call('XTRIM', stream.name, 'MAXLEN', 3);
      ahead += 60_000;
      gate.resolve();
      await until(async () => (await stream.pending()) === 0 && (await stream.status()).lagEntries === 0);
      gate = Promise.withResolvers<void>();
      expect(told()).toEqual(Array.from({ length: rounds }, () => 5));
      await until(() => consumer.inHand.entries === 0);
    }
    expect(sink.confirmed.length).toBe(10);
    await consumer.stop();
    const late = stream.consumer(new TestSink(), { consumer: 'late' });
    await late.start();
    await stream.addMany(1);
    await until(async () => (await stream.pending()) === 0 && (await stream.status()).lagEntries === 0);
    expect(late.reported('lost')).toEqual([]);
  });
});

describe('a group that vanishes', () => {
  it.each([
    ['the group is destroyed', (stream: TestStream) => stream.call('XGROUP', 'DESTROY', stream.name, GROUP), true],
    ['the stream is deleted', (stream: TestStream) => stream.call('DEL', stream.name), false],
  ])('is created again from the beginning and announced when %s', async (_, act, delivers) => {
    await using stream = new TestStream(redis);
    const before = await stream.addMany(3);
    const sink = new TestSink();
    const consumer = stream.consumer(sink, { startFrom: 'now' });
    await stream.call('XGROUP', 'CREATE', stream.name, GROUP, '0');
    await consumer.start();
    await until(() => sink.confirmed.length === 3);
    await act(stream);
    const after = await stream.addMany(3);
    await until(() => consumer.reported('groupRecreated').length === 1);
    const expected = delivers ? [...before, ...before, ...after] : [...before, ...after];
    await until(() => sink.confirmed.length === expected.length);
    expect(sink.confirmed).toEqual(expected);
    await until(async () => (await stream.pending()) === 0);
    expect(consumer.reported('redisUnavailable')).toEqual([]);
  });

  it('is waited for, and announced once, while another program holds its key', async () => {
    await using stream = new TestStream(redis);
    const sink = new TestSink();
    const consumer = stream.consumer(sink);
    await consumer.start();
    await stream.call('SET', stream.name, 'taken');
    await until(() => consumer.reported('redisUnavailable').length > 0);
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 700);
    expect(consumer.reported('redisUnavailable').length).toBe(1);
    expect(consumer.reported('redisUnavailable')[0]?.reason.message).toMatch(/WRONGTYPE.*rename one of the two/);
    await stream.call('DEL', stream.name);
    const ids = await stream.addMany(2);
    await until(() => sink.confirmed.length === 2);
    expect(sink.confirmed).toEqual(ids);
    expect(consumer.reported('redisRecovered').length).toBe(1);
  });
});

describe('a connection that fails', () => {
  it.each(['drop-replies', 'blackhole', 'reset'] as const)(
    'costs nothing: no entry is stranded after a while of %s',
    async (mode) => {
      await using stream = new TestStream(redis);
      await using proxy = await TcpProxy.to(redis.port);
      const sink = new TestSink();
      const consumer = stream.consumer(sink, {
        redis: { url: proxy.url, commandTimeoutMs: 200 },
        batch: { maxEntries: 10, lingerMs: 0 },
      });
      await consumer.start();
      const ids = await stream.addMany(50);
      await until(() => sink.confirmed.length > 0);
      if (mode === 'reset') proxy.reset();
      else proxy.mode = mode;
      ids.push(...(await stream.addMany(50)));
      if (mode !== 'reset') await until(() => consumer.reported('redisUnavailable').length > 0);
      proxy.mode = 'pass';
      await until(async () => new Set(sink.confirmed).size === 100 && (await stream.pending()) === 0);
      expect(new Set(sink.confirmed)).toEqual(new Set(ids));
      await until(() => consumer.reported('redisRecovered').length >= 1 || mode === 'reset');
      await until(() => consumer.inHand.entries === 0);
    },
  );

  it('is slow but right behind a server that answers byte by byte', async () => {
    await using stream = new TestStream(redis);
    await using proxy = await TcpProxy.to(redis.port);
    proxy.mode = 'slice';
    const ids = await stream.addMany(5);
    const sink = new TestSink();
    await stream.consumer(sink, { redis: { url: proxy.url } }).start();
    await until(async () => sink.confirmed.length === 5 && (await stream.pending()) === 0);
    expect(sink.confirmed).toEqual(ids);
  });

  it('is reported once per cause, and its CPU is left alone while Redis is away', async () => {
    await using stream = new TestStream(redis);
    await using proxy = await TcpProxy.to(redis.port);
    const consumer = stream.consumer(new TestSink(), { redis: { url: proxy.url } });
    await consumer.start();
    const before = proxy.accepted;
    const cpu = process.cpuUsage();
    proxy.mode = 'refuse';
    proxy.reset();
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 2_000);
    expect(consumer.reported('redisUnavailable').length).toBe(1);
    expect(proxy.accepted - before).toBeLessThan(40);
    expect(process.cpuUsage(cpu).user).toBeLessThan(1_000_000);
  });

  it.each([
    ['delivered', delivered],
    ['rejected', (id: EntryId) => rejected(id, new Error('no'))],
  ])('reports that entries were acknowledged behind its back (%s)', async (_, verdict) => {
    await using stream = new TestStream(redis);
    const [first] = await stream.addMany(1);
    const gate = Promise.withResolvers<void>();
    const sink = new TestSink(async (batch) => {
      await gate.promise;
      return batch.map(({ id }) => verdict(id));
    });
    const consumer = stream.consumer(sink);
    await consumer.start();
    await until(() => sink.batches.length === 1);
    await stream.call('XACK', stream.name, GROUP, first as EntryId);
    gate.resolve();
    await until(() => consumer.reported('acknowledgedFewer').length === 1);
    expect(consumer.reported('acknowledgedFewer')).toEqual([{ expected: 1, acknowledged: 0 }]);
  });
});

describeWithRedisProcess('a user of Redis', () => {
  it('that may see neither configuration nor streams is told that nobody has checked, and served', async () => {
    await using stream = new TestStream(redis);
    const user = `user-${stream.name}`;
    await stream.call('ACL', 'SETUSER', user, 'on', 'nopass', '~*', '+@all', '-info', '-xinfo');
    const sink = new TestSink();
    const consumer = stream.consumer(sink, { redis: { url: redis.url.replace('//', `//${user}:x@`) } });
    await consumer.start();
    await stream.addMany(2);
    await until(() => sink.confirmed.length === 2);
    expect(consumer.reported('redisUnavailable')).toEqual([]);
    expect(consumer.reported('serverProbed')).toMatchObject([{ warnings: [expect.stringMatching(/nobody.*\+info/)] }]);
    await consumer.stop();
    await stream.call('ACL', 'DELUSER', user);
  });

  it('is told when an ACL takes a command away, and everything goes on when it is given back', async () => {
    await using stream = new TestStream(redis);
    const user = `user-${stream.name}`;
    await stream.call('ACL', 'SETUSER', user, 'on', 'nopass', '~*', '+@all', '-xack');
    const url = redis.url.replace('//', `//${user}:x@`);
    const ids = await stream.addMany(5);
    const sink = new TestSink();
    const consumer = stream.consumer(sink, { redis: { url } });
    await consumer.start();
    await until(() => consumer.reported('redisUnavailable').length > 0);
    expect(consumer.reported('redisUnavailable')[0]?.reason.message).toMatch(/XACK.*NOPERM.*ACL SETUSER/);
    expect(await stream.pending()).toBe(5);
    await stream.call('ACL', 'SETUSER', user, '+xack');
    await until(async () => (await stream.pending()) === 0);
    expect(sink.confirmed).toEqual(ids);
    expect(consumer.reported('redisRecovered').length).toBe(1);
    expect(consumer.reported('acknowledgedFewer')).toEqual([]);
    await stream.call('ACL', 'DELUSER', user);
  });
});

describeWithRedisProcess('a Redis that is killed', () => {
  it('loses nothing when it comes back with its append-only file', async () => {
    await using own = await startRedis({ persistent: true });
    await using stream = new TestStream(own);
    const ids = await stream.addMany(2_000);
    const sink = new TestSink();
    const consumer = stream.consumer(sink, { batch: { maxEntries: 50, lingerMs: 0 } });
    await consumer.start();
    for (const share of [300, 900]) {
      await until(() => sink.confirmed.length > share);
      await own.kill();
      await own.restart();
    }
    await until(async () => (await stream.pending()) === 0 && (await stream.status()).lagEntries === 0);
    expect(new Set(sink.confirmed)).toEqual(new Set(ids));
    expect(sink.confirmed.length).toBeLessThan(ids.length + 500);
  });

  it('creates its group again when it comes back empty', async () => {
    await using own = await startRedis({ requireProcess: true });
    await using stream = new TestStream(own);
    const sink = new TestSink();
    const consumer = stream.consumer(sink);
    await consumer.start();
    await stream.addMany(2);
    await until(() => sink.confirmed.length === 2);
    await own.kill();
    await own.restart();
    await until(() => consumer.reported('groupRecreated').length === 1);
    await stream.addMany(2);
    await until(() => sink.confirmed.length === 4);
  });

  it('is waited for by a consumer that was started before it', async () => {
    await using own = await startRedis({ requireProcess: true });
    await using stream = new TestStream(own);
    await own.kill();
    const sink = new TestSink();
    const consumer = stream.consumer(sink);
    const started = consumer.start();
    await until(() => consumer.reported('redisUnavailable').length === 1);
    await own.restart();
    await started;
    await stream.addMany(1);
    await until(() => sink.confirmed.length === 1);
    expect(consumer.reported('redisRecovered').length).toBe(1);
  });

  it('keeps entries pending while it has no memory for a dead letter', async () => {
    await using own = await startRedis({ requireProcess: true });
    await using stream = new TestStream(own);
    const [poison] = await stream.addMany(1);
    await stream.call('XGROUP', 'CREATE', stream.name, GROUP, '0');
    await stream.call('CONFIG', 'SET', 'maxmemory', 1);
    const sink = new TestSink();
    const consumer = stream.consumer(sink, {
      decode: () => {
        throw new Error('poison');
      },
    });
    await consumer.start();
    await until(() => consumer.reported('deadLetterFailed').length > 0);
    expect(consumer.reported('deadLetterFailed')[0]?.reason.message).toMatch(/OOM.*maxmemory/);
    expect(await stream.pending()).toBe(1);
    await stream.call('CONFIG', 'SET', 'maxmemory', 0);
    await until(() => consumer.reported('deadLettered').length === 1);
    expect(consumer.reported('deadLettered')[0]?.id).toBe(poison);
    expect(await stream.pending()).toBe(0);
  });
});
