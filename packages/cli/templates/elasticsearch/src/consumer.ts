import { lineOf, StreamConsumer } from '@distributary/core';
import { ElasticsearchSink, syslogTemplate } from '@distributary/sink-elasticsearch';
import { readConfig } from './config.ts';
import { toDocument } from './mapping.ts';

/** Every line of the stream into the team's Elasticsearch. */
export class SampleConsumer extends StreamConsumer<string> {
  constructor(environment: NodeJS.ProcessEnv) {
    const { consumer, elasticsearch, settings } = readConfig(environment);
    super({
      ...consumer,
      stream: 'sample_stream',
      group: 'sample_team',
      decode: lineOf,
      sink: new ElasticsearchSink({
        ...elasticsearch,
        index: settings.SAMPLE_INDEX,
        document: toDocument,
        template: syslogTemplate(),
      }),
    });
  }
}
