import { jsonLine, lineOf, Secret, StreamConsumer } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import { drain } from './drain.ts';
import { required, runSettings } from './run-settings.ts';

/** The collector sink under a plain mapping, against an endpoint that only answers. */
const { redisUrl, stream, entries } = runSettings;
const sink = new SiemSink({
  url: required('SIEM_URL'),
  token: new Secret('bench-token'),
  event: (line: string) => jsonLine(`{"original":${JSON.stringify(line)}}`),
});
await drain(
  new StreamConsumer({
    redis: { url: redisUrl },
    stream,
    group: 'bench',
    consumer: 'c',
    decode: lineOf,
    sink,
    delivery: { concurrency: 4 },
  }),
  entries,
);
