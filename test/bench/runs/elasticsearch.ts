import { type Entry, jsonLine } from '@distributary/core';
import { ElasticsearchSink } from '@distributary/sink-elasticsearch';
import { drainInto } from './drain.ts';
import { required } from './run-settings.ts';

/** The Elasticsearch sink under a plain mapping, against an endpoint that stores nothing. */
const sink = new ElasticsearchSink({
  url: required('ELASTICSEARCH_URL'),
  index: 'bench-{yyyy.MM.dd}',
  document: (line: string, entry: Entry) => {
    const quoted = JSON.stringify(line);
    return jsonLine(`{"@timestamp":${entry.timestamp},"message":${quoted},"event":{"original":${quoted}}}`);
  },
});
await drainInto(sink);
