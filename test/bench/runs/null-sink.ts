import { delivered, type Entry, type Sink, StreamConsumer } from '@distributary/core';
import { drain } from './drain.ts';
import { runSettings } from './run-settings.ts';

/** A StreamConsumer with every guarantee on, and a sink that does nothing. */
const sink: Sink<Entry> = {
  name: 'null',
  deliver: async (batch) => batch.map(({ id }) => delivered(id)),
};
const { redisUrl, stream, entries } = runSettings;
const redis = { url: redisUrl };
await drain(
  new StreamConsumer({ redis, stream, group: 'bench', consumer: 'c', sink, delivery: { concurrency: 4 } }),
  entries,
);
