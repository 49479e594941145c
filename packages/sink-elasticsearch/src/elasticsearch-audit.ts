import {
  asError,
  type Entry,
  type EntryId,
  eventIdentity,
  parseBaseUrl,
  parseOptions,
  type SinkAudit,
  SinkUnavailableError,
} from '@distributary/core';
import type { JSONSchemaType } from 'ajv';
import type { Answer } from './answer.ts';
import { judgeStatus } from './bulk-answer.ts';
import { ElasticsearchServer } from './elasticsearch-server.ts';
import { type ElasticsearchSinkOptions, URL_SUBJECT } from './elasticsearch-sink-options.ts';
import { IndexName } from './index-name.ts';
import { majorOf } from './opening.ts';

/** As of the sink that wrote the documents. */
export type ElasticsearchAuditOptions = Pick<
  ElasticsearchSinkOptions<never>,
  'url' | 'apiKey' | 'username' | 'password' | 'tls' | 'index' | 'requestTimeoutMs'
>;

interface AuditSettings {
  readonly index: string;
  readonly requestTimeoutMs: number;
}

const schema: JSONSchemaType<AuditSettings> = {
  type: 'object',
  additionalProperties: false,
  required: ['index', 'requestTimeoutMs'],
  properties: {
    index: { type: 'string', minLength: 1 },
    requestTimeoutMs: { type: 'integer', minimum: 1, maximum: 2_147_483_647, default: 30_000 },
  },
};

/**
 * Says which entries an {@link ElasticsearchSink} of the same `index` has stored: by their `_id`, in the index where each
 * of them belongs. Its user needs `read` on the indices. What was stored within the last refresh interval is not seen yet.
 */
export class ElasticsearchAudit implements SinkAudit {
  readonly name = 'elasticsearch';
  readonly #server: ElasticsearchServer;
  readonly #index: IndexName;
  #major: number | undefined;

  /** @throws OptionsError */
  constructor({ index, requestTimeoutMs, ...connection }: ElasticsearchAuditOptions) {
    const given = requestTimeoutMs === undefined ? { index } : { index, requestTimeoutMs };
    const settings = parseOptions(schema, given, 'the Elasticsearch audit');
    parseBaseUrl(connection.url, URL_SUBJECT);
    this.#index = new IndexName(settings.index);
    this.#server = new ElasticsearchServer(connection, { ...settings, gzip: false });
  }

  async held(entries: readonly Entry[], signal: AbortSignal): Promise<ReadonlySet<EntryId>> {
    try {
      return await this.#held(entries, signal);
    } catch (thrown) {
      throw aboutQuestion(thrown);
    }
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async #held(entries: readonly Entry[], signal: AbortSignal): Promise<ReadonlySet<EntryId>> {
    this.#major ??= await majorOf(this.#server, signal);
    const held = new Set<EntryId>();
    for (const [index, those] of Map.groupBy(entries, ({ timestamp }) => this.#index.at(timestamp))) {
      const identities = new Map(those.map((entry) => [entry.id, eventIdentity(entry)]));
      const body = {
        query: { ids: { values: [...new Set(identities.values())] } },
        size: those.length,
        _source: false,
      };
      const found = idsOf(await this.#server.search(index, body, this.#major, signal));
      for (const [id, identity] of identities) if (found.has(identity)) held.add(id);
    }
    return held;
  }
}

interface SearchAnswer {
  readonly timed_out?: boolean;
  readonly _shards?: { readonly failed?: number };
  readonly hits?: { readonly hits?: readonly { readonly _id: string }[] };
}

/** @throws SinkUnavailableError, SinkHoldError when the answer does not stand for all of the index */
function idsOf(answer: Answer): ReadonlySet<string> {
  if (answer.status !== 200) {
    const judgement = judgeStatus(answer);
    if (judgement.outcome === 'trouble') throw judgement.error;
    throw new SinkUnavailableError(`Elasticsearch answered the search with status ${answer.status}.`);
  }
  const { timed_out: timedOut, _shards: shards, hits } = parsed(answer.body);
  if (timedOut !== false || shards?.failed !== 0) {
    throw new SinkUnavailableError('Elasticsearch searched a part of its shards only. Ask again once it is healthy.');
  }
  return new Set((hits?.hits ?? []).map(({ _id }) => _id));
}

/** What the sink says of its batch is no news to whoever only asked. */
function aboutQuestion(thrown: unknown): Error {
  const error = asError(thrown);
  if (!(error instanceof SinkUnavailableError)) return error;
  return new SinkUnavailableError(error.message.replace('The batch is sent again.', 'Ask again later.'), {
    cause: error,
  });
}

function parsed(body: Buffer): SearchAnswer {
  try {
    return JSON.parse(body.toString('utf8')) as SearchAnswer;
  } catch (cause) {
    throw new SinkUnavailableError('Elasticsearch answered the search with something else than JSON.', { cause });
  }
}
