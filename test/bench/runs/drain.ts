import { lineOf, type Sink, StreamConsumer } from '@distributary/core';
import { printMeasurement } from '../report.ts';
import { runSettings } from './run-settings.ts';

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

/** Runs a plain consumer of lines into that sink. */
export function drainInto(sink: Sink<string>): Promise<void> {
  const { redisUrl, stream, entries } = runSettings;
  const consumer = new StreamConsumer({
    redis: { url: redisUrl },
    stream,
    group: 'bench',
    consumer: 'c',
    decode: lineOf,
    sink,
    delivery: { concurrency: 2 },
  });
  return drain(consumer, entries);
}
