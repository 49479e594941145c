import { type ConsumerEnvironment, consumerFromEnvironment, settingsFromEnvironment } from '@distributary/core';
import type { JSONSchemaType } from 'ajv';

/** Everything that differs between one deployment of this consumer and another. */
export interface Config {
  readonly consumer: ConsumerEnvironment;
  readonly settings: Settings;
}

/** The team's own settings, each under the name of its variable. */
export interface Settings {
  /** Where files are written; made if it is not there. */
  readonly SAMPLE_FOLDER: string;
}

const schema: JSONSchemaType<Settings> = {
  type: 'object',
  additionalProperties: false,
  required: ['SAMPLE_FOLDER'],
  properties: {
    SAMPLE_FOLDER: { type: 'string', minLength: 1 },
  },
};

/**
 * Reads the team's settings and what core reads: see the README.
 * @throws OptionsError naming the variable that is missing or wrong
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  return {
    consumer: consumerFromEnvironment(environment),
    settings: settingsFromEnvironment(schema, environment),
  };
}
