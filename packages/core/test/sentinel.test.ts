import { RedisConnection, RedisUnavailableError, redisFromEnvironment } from '@distributary/core';
import { until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { describeWithSentinel, SentinelSetup } from './sentinel.ts';
import { TestSink } from './test-sink.ts';
import { TestStream } from './test-stream.ts';

describeWithSentinel('a Redis behind Sentinel', () => {
  it('is found through Sentinels that ask for a password of their own, and through no others', async () => {
    await using setup = await SentinelSetup.start('of-the-sentinels');
    const environment = { REDIS_URL: setup.url, REDIS_SENTINEL_PASSWORD: 'of-the-sentinels' };
    const welcome = new RedisConnection(redisFromEnvironment(environment), 'test');
    expect(String(await welcome.call('PING'))).toBe('PONG');
    welcome.close();
    const stranger = new RedisConnection({ url: setup.url, commandTimeoutMs: 1_000 }, 'test');
    await expect(stranger.call('PING')).rejects.toThrow(RedisUnavailableError);
    stranger.close();
  });

  it('may lose its primary: the consumer carries on with the replica that Sentinel promotes', async () => {
    await using setup = await SentinelSetup.start();
    await using before = new TestStream(setup.primary);
    const sink = new TestSink();
    const consumer = before.consumer(sink, { redis: { url: setup.url, commandTimeoutMs: 1_000 } });
    await consumer.start();
    const first = await before.addMany(20);
    await until(async () => sink.confirmed.length === 20 && (await before.pending()) === 0);
    expect(Number(await before.call('WAIT', 1, 5_000))).toBe(1);
    await setup.primary.kill();
    await until(() => consumer.reported('redisUnavailable').length > 0);
    await until(() => consumer.reported('redisRecovered').length > 0, { timeoutMs: 20_000 });
    await using after = new TestStream(setup.replica, before.name);
    const second = await after.addMany(20);
    await until(async () => sink.confirmed.length === 40 && (await after.pending()) === 0);
    expect(sink.confirmed).toEqual([...first, ...second]);
    expect(consumer.reported('groupRecreated')).toEqual([]);
    expect(await after.status()).toMatchObject({ lost: 0, deadLetters: 0 });
  });

  it('may have its primary demoted under it: nothing that was in hand is acknowledged to the wrong server', async () => {
    await using setup = await SentinelSetup.start();
    await using before = new TestStream(setup.primary);
    const gate = Promise.withResolvers<void>();
    const sink = new TestSink(async (batch) => {
      await gate.promise;
      return batch.map(({ id }) => ({ id, status: 'delivered' }));
    });
    const consumer = before.consumer(sink, { redis: { url: setup.url, commandTimeoutMs: 1_000 } });
    await consumer.start();
    const ids = await before.addMany(10);
    await until(() => consumer.inHand.entries === 10);
    expect(Number(await before.call('WAIT', 1, 5_000))).toBe(1);
    await setup.failOver();
    await until(() => consumer.reported('redisUnavailable').length > 0, { timeoutMs: 20_000 });
    gate.resolve();
    await using after = new TestStream(setup.replica, before.name);
    await until(async () => (await after.pending()) === 0, { timeoutMs: 20_000 });
    expect(sink.confirmed).toEqual(ids);
    expect(consumer.reported('acknowledgedFewer')).toEqual([]);
  });
});
