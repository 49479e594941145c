import { delivered, RedisUnsuitableError } from '@distributary/core';
import {
  describeWithRedisProcess,
  freePort,
  type RedisFixture,
  startRedis,
  TcpProxy,
  until,
} from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestSink } from './test-sink.ts';
import { TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

describe('stop', () => {
  it('finishes what is in hand, takes nothing new and closes the sink once', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(20);
    const gate = Promise.withResolvers<void>();
    const sink = new TestSink(async (batch) => {
      await gate.promise;
      return batch.map(({ id }) => delivered(id));
    });
    const consumer = stream.consumer(sink, { batch: { maxEntries: 5, lingerMs: 0 }, readAhead: { maxEntries: 20 } });
    await consumer.start();
    await until(() => consumer.inHand.entries === 20);
    const stopping = consumer.stop();
    expect(consumer.state).toBe('draining');
    await stream.addMany(5);
    gate.resolve();
    await stopping;
    await consumer.finished;
    expect(sink.confirmed).toEqual(ids);
    const { pending, lastDeliveredId } = await stream.status();
    expect(pending).toBe(0);
    expect(await stream.call('XRANGE', stream.name, `(${lastDeliveredId}`, '+')).toHaveLength(5);
    expect(sink.closed).toBe(1);
    expect(consumer.reported('gaveUp')).toEqual([]);
    expect(consumer.reported('stateChanged').map(({ to }) => to)).toEqual(['running', 'draining', 'stopped']);
  });

  it('may be called before start, during it, again and again, and at once', async () => {
    await using stream = new TestStream(redis);
    const before = stream.consumer(new TestSink());
    await before.stop();
    await before.start();
    expect(before.state).toBe('stopped');
    expect(before.reported('stateChanged').map(({ to }) => to)).toEqual(['stopped']);
    const during = stream.consumer(new TestSink());
    const starting = during.start();
    await Promise.all([during.stop(), during.stop(), starting]);
    await during.stop();
    expect(during.state).toBe('stopped');
  });

  it('survives fifty starts and stops at once', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(50);
    const sinks = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const sink = new TestSink();
        const consumer = stream.consumer(sink, { consumer: `c${i}` });
        await Promise.all([consumer.start(), consumer.start(), ...(i % 2 ? [consumer.stop()] : [])]);
        await Promise.all([consumer.stop(), consumer.stop(), consumer.start()]);
        expect(consumer.state).toBe('stopped');
        expect(sink.closed).toBe(1);
        return sink;
      }),
    );
    const last = new TestSink();
    await stream.consumer(last, { claim: { idleMs: 100, renewMs: 50 } }).start();
    await until(async () => (await stream.pending()) === 0 && (await stream.status()).lagEntries === 0);
    expect(new Set([...sinks, last].flatMap((sink) => sink.confirmed))).toEqual(new Set(ids));
  });

  it('may be called by a listener of the change that it makes', async () => {
    await using stream = new TestStream(redis);
    const sink = new TestSink();
    const consumer = stream.consumer(sink);
    consumer.on('stateChanged', () => void consumer.stop());
    await consumer.start();
    await consumer.finished;
    expect(consumer.state).toBe('stopped');
    expect(sink.closed).toBe(1);
  });

  it('returns within its timeout although the sink ignores its abort signal, and leaves its entries pending', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(5);
    const answer = Promise.withResolvers<void>();
    const sink = new TestSink(async (batch) => {
      await answer.promise;
      return batch.map(({ id }) => delivered(id));
    });
    const consumer = stream.consumer(sink, { batch: { maxEntries: 5, lingerMs: 100 } });
    await consumer.start();
    await until(() => sink.batches.length === 1);
    const startedAt = performance.now();
    await consumer.stop({ timeoutMs: 400 });
    expect(performance.now() - startedAt).toBeLessThan(900);
    answer.resolve();
    expect(consumer.reported('gaveUp')).toEqual([{ entries: 5 }]);
    expect(await stream.pending()).toBe(5);
    expect(consumer.state).toBe('stopped');
  });

  it('returns within its timeout while Redis does not answer', async () => {
    await using stream = new TestStream(redis);
    await using proxy = await TcpProxy.to(redis.port);
    const consumer = stream.consumer(new TestSink(), { redis: { url: proxy.url } });
    await consumer.start();
    proxy.mode = 'blackhole';
    const startedAt = performance.now();
    await consumer.stop({ timeoutMs: 500 });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('ends a start that waits for Redis', async () => {
    await using stream = new TestStream(redis);
    const consumer = stream.consumer(new TestSink(), { redis: { url: `redis://127.0.0.1:${await freePort()}` } });
    const started = consumer.start();
    await until(() => consumer.reported('redisUnavailable').length === 1);
    await consumer.stop({ timeoutMs: 1_000 });
    await started;
    await consumer.finished;
  });
});

describeWithRedisProcess('a Redis that is configured for something else', () => {
  it('is refused, with the remedy, when it may evict the stream', async () => {
    await using own = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    await using stream = new TestStream(own);
    const consumer = stream.consumer(new TestSink());
    await expect(consumer.start()).rejects.toThrow(RedisUnsuitableError);
    await expect(consumer.finished).rejects.toThrow(/CONFIG SET maxmemory-policy noeviction/);
    expect(consumer.state).toBe('stopped');
  });

  it('is warned of when a restart would lose everything, and not when it keeps an append-only file', async () => {
    await using own = await startRedis({ persistent: true });
    await using stream = new TestStream(own);
    const consumer = stream.consumer(new TestSink());
    await consumer.start();
    expect(consumer.reported('serverProbed')[0]).toMatchObject({
      server: { persistence: 'append-only file', evictionPolicy: 'noeviction', autoclaim: true },
      warnings: [],
    });
    await using volatile = await startRedis({ requireProcess: true });
    await using other = new TestStream(volatile);
    const warned = other.consumer(new TestSink());
    await warned.start();
    expect(warned.reported('serverProbed')[0]?.warnings[0]).toMatch(/keeps nothing on disk.*appendonly yes/);
  });
});
