import { delivered, SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confirmAll, TestSink } from './test-sink.ts';
import { TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const MANY_BATCHES = { batch: { maxEntries: 5, lingerMs: 0 }, delivery: { concurrency: 4 } };

describe('a destination that takes nothing', () => {
  it('costs no entry: nothing is acknowledged or set aside, and all is delivered soon after it recovers', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(100);
    const sink = new TestSink(async () => {
      throw new Error('connect ECONNREFUSED');
    });
    const consumer = stream.consumer(sink, { ...MANY_BATCHES, claim: { idleMs: 400, renewMs: 100 } });
    await consumer.start();
    await until(() => sink.batches.length >= 10);
    expect(await stream.status()).toMatchObject({ pending: 100, deadLetters: 0 });
    sink.answer = confirmAll;
    const recoveredAt = performance.now();
    await until(async () => (await stream.pending()) === 0);
    expect(performance.now() - recoveredAt).toBeLessThan(3_000);
    expect(new Set(sink.confirmed)).toEqual(new Set(ids));
    expect(sink.confirmed.length).toBe(100);
    expect(consumer.reported('sinkUnavailable').length).toBe(1);
    expect(consumer.reported('sinkRecovered').length).toBe(1);
    expect(await stream.status()).toMatchObject({ deadLetters: 0 });
  });

  it('is probed by one batch at a time', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(60);
    const sink = new TestSink(async () => {
      throw new Error('503');
    });
    await stream.consumer(sink, MANY_BATCHES).start();
    await until(() => sink.batches.length >= 4);
    sink.mostAtOnce = 0;
    const before = sink.batches.length;
    await until(() => sink.batches.length >= before + 4);
    expect(sink.mostAtOnce).toBe(1);
  });

  it('is left alone until the time that it named', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(1);
    const times: number[] = [];
    const sink = new TestSink(async (batch) => {
      times.push(performance.now());
      if (times.length === 1) throw new SinkUnavailableError('429', { retryAfterMs: 600 });
      return batch.map(({ id }) => delivered(id));
    });
    await stream.consumer(sink).start();
    await until(async () => times.length === 2 && (await stream.pending()) === 0);
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(590);
  });

  it('is held, with the remedy announced once, until somebody acted', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(3);
    const sink = new TestSink(async () => {
      throw new SinkHoldError('The API key is refused (401).', 'Renew it.');
    });
    const consumer = stream.consumer(sink);
    await consumer.start();
    await until(() => sink.batches.length >= 4);
    expect(consumer.reported('sinkHeld')).toMatchObject([{ remedy: 'Renew it.' }]);
    expect(consumer.reported('sinkUnavailable')).toEqual([]);
    expect(await stream.status()).toMatchObject({ pending: 3, deadLetters: 0 });
    sink.answer = confirmAll;
    await until(async () => (await stream.pending()) === 0);
  });

  it('is opened again and again while opening it fails', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(3);
    let opened = 0;
    const sink = Object.assign(new TestSink(), {
      open: async () => {
        if (++opened < 3) throw new Error('no template yet');
      },
    });
    const consumer = stream.consumer(sink);
    await consumer.start();
    await until(async () => sink.confirmed.length === 3 && (await stream.pending()) === 0);
    expect(opened).toBe(3);
    expect(consumer.reported('sinkUnavailable').length).toBe(1);
  });

  it('is believed neither as a hot loop nor for ever when the time it names is nonsense', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(1);
    const sink = new TestSink(async () => {
      throw new SinkUnavailableError('429', { retryAfterMs: Number.NaN });
    });
    await stream.consumer(sink).start();
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 1_000);
    expect(sink.batches.length).toBeLessThan(40);
    sink.answer = confirmAll;
    await until(() => sink.confirmed.length === 1);
  });
});
