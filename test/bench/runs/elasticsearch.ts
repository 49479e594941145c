import { type Entry, jsonLine, lineOf, StreamConsumer } from '@distributary/core';
import { ElasticsearchSink } from '@distributary/sink-elasticsearch';
import { drain } from './drain.ts';
import { required, runSettings } from './run-settings.ts';

/** The Elasticsearch sink under a plain mapping, against an endpoint that stores nothing. */
const { redisUrl, stream, entries } = runSettings;
const sink = new ElasticsearchSink({
  url: required('ELASTICSEARCH_URL'),
  index: 'bench-{yyyy.MM.dd}',
  document: (line: string, entry: Entry) => {
    const quoted = JSON.stringify(line);
    return jsonLine(`{"@timestamp":${entry.timestamp},"message":${quoted},"event":{"original":${quoted}}}`);
  },
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
