import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { RequestDeadline, retryAfterMs, SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { Client, type ClientOptions } from '@elastic/elasticsearch';
import type { Answer } from './answer.ts';
import type { ElasticsearchConnection } from './elasticsearch-environment.ts';
import type { ElasticsearchSettings, TlsOptions } from './elasticsearch-sink-options.ts';

const compress = promisify(gzip);
const GZIP_LEVEL = 1;

/** An answer names a reason of up to some kilobytes for each entry that was refused. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** All that the verdicts need; a successful answer is a twentieth of its full size. */
const FILTER_PATH = 'errors,error,status,items.*.status,items.*.error,items.*.failure_store';

type ServerSettings = Pick<ElasticsearchSettings, 'requestTimeoutMs' | 'gzip'>;

/**
 * One Elasticsearch, by its own client: credentials, TLS and the check of the product are the client's; its retries are
 * turned off, for what is delivered again and when is not its to decide. A request is given up, answer included, at its
 * deadline.
 */
export class ElasticsearchServer {
  readonly #client: Client;
  readonly #origin: string;
  readonly #settings: ServerSettings;

  constructor(connection: ElasticsearchConnection & { readonly tls?: TlsOptions }, settings: ServerSettings) {
    this.#settings = settings;
    this.#origin = new URL(connection.url).origin;
    const { insecure = false, ...tls } = connection.tls ?? {};
    if (insecure) warnOfInsecureTls(this.#origin);
    this.#client = new Client({
      node: connection.url,
      ...authOf(connection),
      ...(connection.tls ? { tls: { ...tls, rejectUnauthorized: !insecure } } : {}),
      requestTimeout: settings.requestTimeoutMs,
      maxRetries: 0,
      redaction: { type: 'remove' },
    });
  }

  /** The answer to `GET /`, which a server of any version understands. */
  about(signal: AbortSignal): Promise<Answer> {
    return this.#request({ method: 'GET', path: '/' }, { accept: 'application/json' }, signal);
  }

  putTemplate(name: string, body: object, major: number, signal: AbortSignal): Promise<Answer> {
    return this.ask({ method: 'PUT', path: `/_index_template/${name}`, body }, major, signal);
  }

  /** Any request of JSON, whatever its answer's status. */
  ask(
    { method, path, body }: { readonly method: string; readonly path: string; readonly body?: object },
    major: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const type = mediaType('json', major);
    if (body === undefined) return this.#request({ method, path }, { accept: type }, signal);
    const params = { method, path, body: JSON.stringify(body) };
    return this.#request(params, { accept: type, 'content-type': type }, signal);
  }

  /** @param lines pairs of an action and its document, each with its line break */
  async bulk(index: string, lines: Buffer, major: number, signal: AbortSignal): Promise<Answer> {
    const { gzip: compressed } = this.#settings;
    const params = {
      method: 'POST',
      path: `/${index}/_bulk`,
      querystring: { filter_path: FILTER_PATH },
      bulkBody: compressed ? await compress(lines, { level: GZIP_LEVEL }) : lines,
    };
    const headers = { accept: mediaType('json', major), 'content-type': mediaType('x-ndjson', major) };
    return this.#request(params, compressed ? { ...headers, 'content-encoding': 'gzip' } : headers, signal);
  }

  /** An index that is not there holds nothing. */
  search(index: string, body: object, major: number, signal: AbortSignal): Promise<Answer> {
    const type = mediaType('json', major);
    const params = {
      method: 'POST',
      path: `/${index}/_search`,
      querystring: {
        ignore_unavailable: true,
        allow_no_indices: true,
        allow_partial_search_results: false,
        filter_path: 'error,status,timed_out,_shards.failed,hits.hits._id',
      },
      body: JSON.stringify(body),
    };
    return this.#request(params, { accept: type, 'content-type': type }, signal);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #request(
    params: Parameters<Client['transport']['request']>[0],
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> {
    using deadline = new RequestDeadline(this.#settings.requestTimeoutMs, signal);
    try {
      const options = { asStream: true, meta: true, headers, signal: deadline.signal } as const;
      const answer = await this.#client.transport.request<AsyncIterable<Buffer>>(params, options);
      return {
        status: answer.statusCode ?? 0,
        retryAfterMs: retryAfterMs(answer.headers?.['retry-after'] ?? undefined),
        body: await read(answer.body),
      };
    } catch (thrown) {
      signal.throwIfAborted();
      throw this.#explain(thrown as Error, deadline.signal.aborted);
    }
  }

  #explain(cause: Error, tooLate: boolean): Error {
    const where = `Elasticsearch at ${this.#origin}`;
    if (tooLate || cause.name === 'TimeoutError') {
      const message = `${where} gave no whole answer within ${this.#settings.requestTimeoutMs} ms. The batch is sent again.`;
      return new SinkUnavailableError(message, { cause });
    }
    if (cause.name === 'ProductNotSupportedError') {
      const remedy = 'Check that ELASTICSEARCH_URL leads to Elasticsearch, and that no proxy removes the header.';
      return new SinkHoldError(`${where} does not say x-elastic-product: Elasticsearch.`, remedy, { cause });
    }
    if (/certificate|altnames|\b(?:ssl|tls)\b|packet length/i.test(cause.message)) {
      const remedy = 'Give its authority as tls.ca, or check that ELASTICSEARCH_URL speaks TLS.';
      return new SinkHoldError(`No trusted TLS connection to ${where}: ${cause.message}.`, remedy, { cause });
    }
    return new SinkUnavailableError(`${where} gave no whole answer: ${cause.message}. The batch is sent again.`, {
      cause,
    });
  }
}

/** A client speaks its own major version unless it is told, and an older server refuses a newer one. */
function mediaType(format: 'json' | 'x-ndjson', major: number): string {
  return `application/vnd.elasticsearch+${format}; compatible-with=${major}`;
}

function authOf({ apiKey, username, password }: ElasticsearchConnection): Pick<ClientOptions, 'auth'> {
  if (apiKey) return { auth: { apiKey: apiKey.reveal() } };
  return username && password ? { auth: { username, password: password.reveal() } } : {};
}

function warnOfInsecureTls(origin: string): void {
  process.emitWarning(
    `Any certificate is accepted from ${origin}. Give its authority as tls.ca instead of tls.insecure.`,
    { code: 'DISTRIBUTARY_INSECURE_TLS' },
  );
}

async function read(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}
