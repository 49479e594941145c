import { lineOf, StreamConsumer } from '@distributary/core';
import { readConfig } from './config.ts';
import { FileSink } from './file-sink.ts';
import { toDocument } from './mapping.ts';

/** Every line of the stream into the team's files. */
export class SampleConsumer extends StreamConsumer<string> {
  constructor(environment: NodeJS.ProcessEnv) {
    const { consumer, settings } = readConfig(environment);
    super({
      ...consumer,
      stream: 'sample_stream',
      group: 'sample_team',
      decode: lineOf,
      sink: new FileSink({
        folder: settings.SAMPLE_FOLDER,
        owner: consumer.consumer,
        document: toDocument,
      }),
    });
  }
}
