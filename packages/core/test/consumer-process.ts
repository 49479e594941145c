import { delivered, type Entry, RedisConnection, type Sink, StreamConsumer, watchEventLoop } from '@distributary/core';

const [url = '', stream = '', group = '', mode] = process.argv.slice(2);
const store = new RedisConnection({ url }, 'store');

const sink: Sink<string> = {
  name: 'child',
  async deliver(batch) {
    if (batch.some(({ payload }) => payload === 'exit-in-deliver')) process.exit(3);
    if (mode === 'hang') {
      process.send?.('delivering');
      return new Promise(() => undefined);
    }
    await store.call('RPUSH', `${stream}:received`, ...batch.map(({ id }) => id));
    return batch.map(({ id }) => delivered(id));
  },
  async close() {
    store.close();
  },
};

function decode(entry: Entry): string {
  const line = entry.text('line') ?? '';
  if (line === 'exit-in-decode') process.exit(3);
  while (line === 'loop-in-decode');
  return line;
}

if (mode === 'watched') watchEventLoop(1_000);
const consumer = new StreamConsumer({ redis: { url }, stream, group, consumer: 'child', sink, decode });
process.once('SIGTERM', () => {
  process.disconnect();
  void consumer.stop({ timeoutMs: 1_000 });
});
await consumer.start();
