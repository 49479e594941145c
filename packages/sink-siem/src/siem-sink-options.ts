import type { ConnectionOptions } from 'node:tls';
import {
  type Entry,
  type JsonLine,
  OptionsError,
  parseOptions,
  REFUSAL_LIMIT_SCHEMA,
  type RefusalLimit,
  type Secret,
} from '@distributary/core';
import type { JSONSchemaType } from 'ajv';
import type { SiemFormat } from './dialect.ts';
import type { EventOrigin } from './envelope.ts';

/** How the certificate of the collector is checked. */
export interface TlsOptions extends Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'> {
  /** Accepts any certificate, and announces so as a process warning. Default false. */
  readonly insecure?: boolean;
}

/** How long the sink waits between two questions whether events are stored, and for the answer. */
export interface AcknowledgementOptions {
  /** The first pause, in milliseconds; it doubles while nothing is confirmed. Default 200. */
  readonly pollMs?: number;
  /** The longest pause, in milliseconds. Default 2,000. */
  readonly maxPollMs?: number;
  /** After this long without a confirmation the events are sent again, in milliseconds. Default 300,000. */
  readonly timeoutMs?: number;
}

export interface SiemSinkOptions<Payload> extends EventOrigin {
  /** The collector's base address; the path of the format is appended. */
  readonly url: string;
  readonly token?: Secret | undefined;
  /** Default `hec`. */
  readonly format?: SiemFormat;
  /** Replaces the format's own path below `url`; NDJSON and JSON collectors have no common one. */
  readonly path?: string;
  /** Whether an event counts as delivered only when the collector's indexer acknowledgement says so. Default false. */
  readonly acknowledgement?: boolean | AcknowledgementOptions;
  /** Makes an event of a payload: an object, or one line of JSON. What it throws is the reason of a dead letter. */
  readonly event: (payload: Payload, entry: Entry) => object | JsonLine;
  /** When the event happened, in milliseconds since 1970. Default: when Redis stored the entry. */
  readonly time?: (payload: Payload, entry: Entry) => number;
  /** The most bytes of one request before compression; learned down when the collector takes less. Default 1,000,000. */
  readonly maxRequestBytes?: number;
  /** The longest a request may take, answer included, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Whether requests are compressed. Default false. */
  readonly gzip?: boolean;
  /** Whether the collector may be at a link-local address. Default false. */
  readonly allowLinkLocal?: boolean;
  readonly refusalLimit?: RefusalLimit;
  readonly tls?: TlsOptions;
}

/** The options that are plain data, checked and complete. */
export interface SiemSettings {
  readonly url: string;
  readonly format: SiemFormat;
  readonly path?: string;
  readonly host?: string;
  readonly source?: string;
  readonly sourcetype?: string;
  readonly index?: string;
  readonly acknowledgement?: Required<AcknowledgementOptions>;
  readonly maxRequestBytes: number;
  readonly requestTimeoutMs: number;
  readonly gzip: boolean;
  readonly allowLinkLocal: boolean;
  readonly refusalLimit: Required<RefusalLimit>;
}

const milliseconds = { type: 'integer', minimum: 1, maximum: 2_147_483_647 } as const;
const label = { type: 'string', minLength: 1, nullable: true } as const;

const schema: JSONSchemaType<SiemSettings> = {
  type: 'object',
  additionalProperties: false,
  required: ['url', 'refusalLimit'],
  properties: {
    url: { type: 'string' },
    format: { type: 'string', enum: ['hec', 'ndjson', 'json'], default: 'hec' },
    path: { type: 'string', pattern: '^/[!-~]*$', nullable: true },
    host: label,
    source: label,
    sourcetype: label,
    index: label,
    acknowledgement: {
      type: 'object',
      nullable: true,
      additionalProperties: false,
      required: [],
      properties: {
        pollMs: { ...milliseconds, default: 200 },
        maxPollMs: { ...milliseconds, default: 2_000 },
        timeoutMs: { ...milliseconds, default: 300_000 },
      },
    },
    maxRequestBytes: { type: 'integer', minimum: 1_024, default: 1_000_000 },
    requestTimeoutMs: { ...milliseconds, default: 30_000 },
    gzip: { type: 'boolean', default: false },
    allowLinkLocal: { type: 'boolean', default: false },
    refusalLimit: REFUSAL_LIMIT_SCHEMA,
  },
};

/**
 * Checks the options of a sink.
 * @throws OptionsError naming each that is wrong
 */
export function parseSiemSinkOptions<Payload>(options: SiemSinkOptions<Payload>): SiemSettings {
  const { token, event, time, tls, acknowledgement, ...plain } = options;
  if (typeof event !== 'function') throw new OptionsError('Options of the SIEM sink: event must be a function.');
  const awaited = acknowledgement === true ? {} : acknowledgement || undefined;
  const given = Object.entries({ refusalLimit: {}, ...plain, acknowledgement: awaited }).filter(
    ([, value]) => value !== undefined,
  );
  const settings = parseOptions(schema, Object.fromEntries(given), 'the SIEM sink');
  if (settings.format !== 'hec' && settings.acknowledgement) {
    throw new OptionsError(`Only the format hec has acknowledgement: unset it (SIEM_ACK) for ${settings.format}.`);
  }
  if (settings.format === 'hec' && token === undefined) {
    throw new OptionsError('The format hec needs a token: set SIEM_TOKEN, or SIEM_TOKEN_FILE to a file that holds it.');
  }
  if (token !== undefined) checkToken(token);
  return settings;
}

/** The characters of a bearer token (RFC 6750, 2.1); nothing else goes into a header, or into an error about one. */
const TOKEN = /^[A-Za-z0-9._~+/=-]{8,4096}$/;

/** @throws OptionsError, which never holds the token */
export function checkToken(token: Secret): void {
  if (TOKEN.test(token.reveal())) return;
  throw new OptionsError(
    'The token of the collector has less than 8 characters, or one that no token has. Check SIEM_TOKEN for stray text.',
  );
}
