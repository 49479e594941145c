import { type ConsumerEnvironment, consumerFromEnvironment } from '@distributary/core';
import { type ElasticsearchConnection, elasticsearchFromEnvironment } from '@distributary/sink-elasticsearch';

/** Everything that differs between one deployment of this consumer and another. */
export interface NocConfig {
  readonly consumer: ConsumerEnvironment;
  readonly elasticsearch: ElasticsearchConnection;
  /** One index a day, by the entry's own time. */
  readonly index: string;
}

/**
 * Reads `ELASTICSEARCH_INDEX` (default `syslog-{yyyy.MM.dd}`) and what core and the sink read: see the README.
 * @throws OptionsError naming the variable that is missing or wrong
 */
export function readConfig(environment: NodeJS.ProcessEnv): NocConfig {
  return {
    consumer: consumerFromEnvironment(environment),
    elasticsearch: elasticsearchFromEnvironment(environment),
    index: environment['ELASTICSEARCH_INDEX'] || 'syslog-{yyyy.MM.dd}',
  };
}
