import type { ConnectionOptions } from 'node:tls';
import {
  type BaseUrlSubject,
  type Entry,
  type JsonLine,
  OptionsError,
  parseBaseUrl,
  parseOptions,
  REFUSAL_LIMIT_SCHEMA,
  type RefusalLimit,
} from '@distributary/core';
import type { JSONSchemaType } from 'ajv';
import type { ElasticsearchConnection } from './elasticsearch-environment.ts';
import type { TemplateBody } from './syslog-template.ts';

/** How the certificate of the server is checked. */
export interface TlsOptions extends Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'> {
  /** Accepts any certificate, and announces so as a process warning. Default false. */
  readonly insecure?: boolean;
}

export interface ElasticsearchSinkOptions<Payload> extends ElasticsearchConnection {
  /**
   * Where documents go: a name in which `{yyyy.MM.dd}`, `{yyyy.MM}` or `{yyyy}` stands for the date (UTC) of the entry's
   * own time. Without a date, the name of an alias or a data stream.
   */
  readonly index: string;
  /** Makes a document of a payload: an object, or one line of JSON. What it throws is the reason of a dead letter. */
  readonly document: (payload: Payload, entry: Entry) => object | JsonLine;
  /** Installed for the indices of `index` when the sink opens. Default: none. */
  readonly template?: TemplateBody;
  /** The most bytes of one request before compression; learned down when the server takes less. Default 5,000,000. */
  readonly maxRequestBytes?: number;
  /** The longest a request may take, answer included, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Whether requests are compressed, at level 1. Default false. */
  readonly gzip?: boolean;
  readonly refusalLimit?: RefusalLimit;
  readonly tls?: TlsOptions;
}

/** The options that are plain data, checked and complete. */
export interface ElasticsearchSettings {
  readonly index: string;
  readonly maxRequestBytes: number;
  readonly requestTimeoutMs: number;
  readonly gzip: boolean;
  readonly refusalLimit: Required<RefusalLimit>;
}

const schema: JSONSchemaType<ElasticsearchSettings> = {
  type: 'object',
  additionalProperties: false,
  required: ['index', 'refusalLimit'],
  properties: {
    index: { type: 'string', minLength: 1 },
    maxRequestBytes: { type: 'integer', minimum: 1_024, default: 5_000_000 },
    requestTimeoutMs: { type: 'integer', minimum: 1, maximum: 2_147_483_647, default: 30_000 },
    gzip: { type: 'boolean', default: false },
    refusalLimit: REFUSAL_LIMIT_SCHEMA,
  },
};

/** What an address is checked to be that of. */
export const URL_SUBJECT: BaseUrlSubject = {
  destination: 'Elasticsearch',
  variable: 'ELASTICSEARCH_URL',
  credentials: 'ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD',
};

/**
 * Checks the options of a sink.
 * @throws OptionsError naming each that is wrong
 */
export function parseElasticsearchSinkOptions<Payload>(
  options: ElasticsearchSinkOptions<Payload>,
): ElasticsearchSettings {
  const { url, apiKey, username, password, tls, document, template, ...plain } = options;
  if (typeof document !== 'function') {
    throw new OptionsError('Options of the Elasticsearch sink: document must be a function.');
  }
  parseBaseUrl(url, URL_SUBJECT);
  const given = Object.entries({ refusalLimit: {}, ...plain }).filter(([, value]) => value !== undefined);
  return parseOptions(schema, Object.fromEntries(given), 'the Elasticsearch sink');
}
