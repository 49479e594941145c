import { lineOf, StreamConsumer } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import { readConfig } from './config.ts';
import { toEvent } from './mapping.ts';

/** Every line of the stream into the team's event collector. */
export class SampleConsumer extends StreamConsumer<string> {
  constructor(environment: NodeJS.ProcessEnv) {
    const { consumer, siem, settings } = readConfig(environment);
    super({
      ...consumer,
      stream: 'sample_stream',
      group: 'sample_team',
      decode: lineOf,
      sink: new SiemSink({
        ...siem,
        event: toEvent,
        source: 'distributary',
        sourcetype: settings.SAMPLE_SOURCETYPE,
      }),
    });
  }
}
