import { type ConsumerEnvironment, consumerFromEnvironment, settingsFromEnvironment } from '@distributary/core';
import { type SiemEnvironment, siemFromEnvironment } from '@distributary/sink-siem';
import type { JSONSchemaType } from 'ajv';

/** Everything that differs between one deployment of this consumer and another. */
export interface Config {
  readonly consumer: ConsumerEnvironment;
  readonly siem: SiemEnvironment;
  readonly settings: Settings;
}

/** The team's own settings, each under the name of its variable. */
export interface Settings {
  /** What the collector takes the events for. */
  readonly SAMPLE_SOURCETYPE: string;
}

const schema: JSONSchemaType<Settings> = {
  type: 'object',
  additionalProperties: false,
  required: ['SAMPLE_SOURCETYPE'],
  properties: {
    SAMPLE_SOURCETYPE: { type: 'string', pattern: '^[\\w.:-]+$', default: 'cisco:asa' },
  },
};

/**
 * Reads the team's settings and what core and the sink read: see the README.
 * @throws OptionsError naming the variable that is missing or wrong
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  return {
    consumer: consumerFromEnvironment(environment),
    siem: siemFromEnvironment(environment),
    settings: settingsFromEnvironment(schema, environment),
  };
}
