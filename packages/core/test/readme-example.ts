import { delivered, lineOf, redisFromEnvironment, StreamConsumer } from '@distributary/core';

const consumer = new StreamConsumer({
  redis: redisFromEnvironment(process.env),
  stream: 'syslog_stream',
  group: 'audit_team',
  consumer: 'audit-1',
  decode: lineOf,
  sink: {
    name: 'stdout',
    async deliver(batch) {
      for (const { payload } of batch) process.stdout.write(`${payload}\n`);
      return batch.map(({ id }) => delivered(id));
    },
  },
});
process.once('SIGTERM', () => consumer.stop());
await consumer.start();
await consumer.finished;
