import { type ConsumerEnvironment, consumerFromEnvironment, settingsFromEnvironment } from '@distributary/core';
import { type ElasticsearchConnection, elasticsearchFromEnvironment } from '@distributary/sink-elasticsearch';
import type { JSONSchemaType } from 'ajv';

/** Everything that differs between one deployment of this consumer and another. */
export interface Config {
  readonly consumer: ConsumerEnvironment;
  readonly elasticsearch: ElasticsearchConnection;
  readonly settings: Settings;
}

/** The team's own settings, each under the name of its variable. */
export interface Settings {
  /** One index a day, by the entry's own time. */
  readonly SAMPLE_INDEX: string;
}

const schema: JSONSchemaType<Settings> = {
  type: 'object',
  additionalProperties: false,
  required: ['SAMPLE_INDEX'],
  properties: {
    SAMPLE_INDEX: {
      type: 'string',
      pattern: '^[a-z0-9]',
      default: 'sample-lines-{yyyy.MM.dd}',
    },
  },
};

/**
 * Reads the team's settings and what core and the sink read: see the README.
 * @throws OptionsError naming the variable that is missing or wrong
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  return {
    consumer: consumerFromEnvironment(environment),
    elasticsearch: elasticsearchFromEnvironment(environment),
    settings: settingsFromEnvironment(schema, environment),
  };
}
