import { lineOf, StreamConsumer } from '@distributary/core';
import { ElasticsearchSink, syslogTemplate } from '@distributary/sink-elasticsearch';
import { readConfig } from './config.ts';
import { toDocument } from './mapping.ts';

/** Every line of the firewalls into the NOC's Elasticsearch. */
export class NocConsumer extends StreamConsumer<string> {
  constructor(environment: NodeJS.ProcessEnv) {
    const { consumer, elasticsearch, index } = readConfig(environment);
    super({
      ...consumer,
      stream: 'syslog_stream',
      group: 'noc_team',
      decode: lineOf,
      sink: new ElasticsearchSink({ ...elasticsearch, index, document: toDocument, template: syslogTemplate() }),
      delivery: { concurrency: 2 },
    });
  }
}
