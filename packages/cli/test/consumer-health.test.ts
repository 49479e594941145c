import {
  RedisConnection,
  SinkHoldError,
  StreamConsumer,
  type StreamConsumerEvents,
  systemClock,
} from '@distributary/core';
import { freePort, startRedis, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { ConsumerHealth } from '../src/consumer-health.ts';
import { ConsumerMetrics } from '../src/consumer-metrics.ts';
import { ConsumerTroubles } from '../src/consumer-troubles.ts';
import { RecentStatus } from '../src/recent-status.ts';

const STUCK_AFTER_MS = 50;

/** A consumer whose sink never answers, with what watches it. */
function watched(url: string) {
  const consumer = new StreamConsumer({
    redis: { url, commandTimeoutMs: 1_000 },
    stream: 'watched_stream',
    group: 'watched_team',
    consumer: 'a',
    batch: { lingerMs: 0 },
    sink: { name: 'silent', deliver: () => new Promise(() => undefined) },
  });
  const troubles = new ConsumerTroubles(consumer);
  const status = new RecentStatus(consumer);
  const health = new ConsumerHealth(consumer, { troubles, status, stuckAfterMs: STUCK_AFTER_MS });
  const say = <Name extends keyof StreamConsumerEvents>(name: Name, ...payload: StreamConsumerEvents[Name]) =>
    (consumer.emit as (name: string, ...payload: unknown[]) => boolean)(name, ...payload);
  const isStuck = async () => !(await health.live()).healthy;
  return { consumer, health, metrics: new ConsumerMetrics(consumer, troubles, status), say, isStuck };
}

it('fails /live where a restart may help, and not during an outage, a hold or a drain', async () => {
  await using redis = await startRedis();
  const { consumer, health, say, isStuck } = watched(redis.url);
  await consumer.start();
  expect(await isStuck()).toBe(false);
  await systemClock.sleep(2 * STUCK_AFTER_MS);
  expect(await isStuck(), 'nothing waits').toBe(false);

  const admin = new RedisConnection({ url: redis.url }, 'test');
  await admin.call('XADD', 'watched_stream', '*', 'line', 'one');
  await until(() => consumer.inHand.entries === 1);
  await until(isStuck);
  say('takenBack', { origin: 'own', count: 1, suspects: [] });
  expect(await isStuck(), 'it moved').toBe(false);
  await until(isStuck);

  const reason = new SinkHoldError('The key is refused.', 'Renew it.');
  for (const [begin, end] of [
    [() => say('sinkHeld', { reason, remedy: reason.remedy }), () => say('sinkRecovered', { afterMs: 1, probes: 1 })],
    [() => say('redisUnavailable', { reason }), () => say('redisRecovered', { afterMs: 1 })],
    [
      () => say('deadLetterFailed', { ids: [], reason }),
      () => say('deadLettered', { id: '1-0', verdict: 'rejected', reason: '' }),
    ],
  ] as const) {
    begin();
    expect(health.ready()).toMatchObject({ healthy: false, body: { reasons: [{ reason: reason.message }] } });
    expect(await isStuck()).toBe(false);
    await systemClock.sleep(2 * STUCK_AFTER_MS);
    expect(await isStuck()).toBe(false);
    end();
    expect(health.ready().healthy).toBe(true);
    await until(isStuck);
  }
  const stopping = consumer.stop({ timeoutMs: 500 });
  expect(await isStuck()).toBe(false);
  expect(health.ready()).toMatchObject({ healthy: false, body: { reasons: [{ state: 'draining' }] } });
  await stopping;
  admin.close();
});

it('shows no old number of what Redis cannot be asked', async () => {
  const { metrics, consumer } = watched(`redis://127.0.0.1:${await freePort()}`);
  const text = await metrics.text();
  for (const name of ['lag_entries', 'lag_seconds', 'pending_entries', 'oldest_pending_seconds', 'dead_letters']) {
    expect(text).not.toContain(`distributary_${name}{`);
  }
  expect(text).toContain('distributary_in_hand_entries{');
  await consumer.stop();
});
