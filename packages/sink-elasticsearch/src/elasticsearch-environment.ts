import { OptionsError, type Secret, secretFrom } from '@distributary/core';

/** What a process's environment says about its Elasticsearch; spread it into the options of a sink. */
export interface ElasticsearchConnection {
  readonly url: string;
  readonly apiKey?: Secret;
  readonly username?: string;
  readonly password?: Secret;
}

/**
 * `ELASTICSEARCH_URL` and, where it wants credentials, `ELASTICSEARCH_API_KEY` (or `ELASTICSEARCH_API_KEY_FILE`), or
 * `ELASTICSEARCH_USERNAME` with `ELASTICSEARCH_PASSWORD` (or `ELASTICSEARCH_PASSWORD_FILE`).
 * @throws OptionsError saying what to set
 */
export function elasticsearchFromEnvironment(environment: NodeJS.ProcessEnv): ElasticsearchConnection {
  const url = environment['ELASTICSEARCH_URL'];
  if (!url) {
    throw new OptionsError('ELASTICSEARCH_URL is not set. Set it to the base address, such as https://host:9200.');
  }
  const apiKey = secretFrom(environment, 'ELASTICSEARCH_API_KEY');
  const password = secretFrom(environment, 'ELASTICSEARCH_PASSWORD');
  const username = environment['ELASTICSEARCH_USERNAME'];
  if (apiKey) return { url, apiKey };
  if (username && password) return { url, username, password };
  if (username || password) {
    throw new OptionsError('Set both ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD (or _FILE), or neither.');
  }
  return { url };
}
