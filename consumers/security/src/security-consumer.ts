import { lineOf, StreamConsumer } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import { readConfig } from './config.ts';
import { toEvent } from './mapping.ts';

/** Every line of the firewalls into the SIEM of Security and Compliance. */
export class SecurityConsumer extends StreamConsumer<string> {
  constructor(environment: NodeJS.ProcessEnv) {
    const { consumer, siem } = readConfig(environment);
    super({
      ...consumer,
      stream: 'syslog_stream',
      group: 'sec_team',
      decode: lineOf,
      sink: new SiemSink({ ...siem, event: toEvent, source: 'distributary', sourcetype: 'cisco:asa' }),
      delivery: { concurrency: 2 },
    });
  }
}
