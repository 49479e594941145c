import { delivered, lineOf, RedisConnection, StreamConsumer } from '@distributary/core';

/** A consumer under a name of its own, which notes the IDs that it delivers in a list and leaves by SIGTERM. */
const [url = '', stream = '', group = '', name = ''] = process.argv.slice(2);
const store = new RedisConnection({ url }, 'store');
const consumer = new StreamConsumer({
  redis: { url },
  stream,
  group,
  consumer: name,
  claim: { idleMs: 1_000, renewMs: 300 },
  decode: lineOf,
  sink: {
    name: 'list',
    async deliver(batch) {
      await store.call('RPUSH', `${stream}:delivered`, ...batch.map(({ id }) => id));
      return batch.map(({ id }) => delivered(id));
    },
    async close() {
      store.close();
    },
  },
});
process.once('SIGTERM', () => {
  process.disconnect();
  void consumer.stop({ timeoutMs: 2_000 });
});
await consumer.start();
process.send?.('running');
