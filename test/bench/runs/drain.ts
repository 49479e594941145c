import type { StreamConsumer } from '@distributary/core';
import { printMeasurement } from '../report.ts';

/** Runs the consumer until it delivered that many entries and every one is acknowledged. */
export async function drain<Payload>(consumer: StreamConsumer<Payload>, entries: number): Promise<void> {
  const startedAt = performance.now();
  const done = Promise.withResolvers<void>();
  let seen = 0;
  consumer.on('delivered', ({ count }) => {
    seen += count;
    if (seen >= entries) done.resolve();
  });
  for (const trouble of ['sinkUnavailable', 'sinkHeld', 'redisUnavailable', 'retried', 'deadLettered'] as const) {
    consumer.on(trouble, (about: object) => done.reject(new Error(`${trouble}: ${JSON.stringify(about)}`)));
  }
  await consumer.start();
  await done.promise;
  await consumer.stop();
  printMeasurement(seen, startedAt);
}
