import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  DistributaryError,
  RequestDeadline,
  retryAfterMs,
  type Secret,
  SinkHoldError,
  SinkUnavailableError,
} from '@distributary/core';
import { type Dispatcher, Pool } from 'undici';
import type { Answer } from './answer.ts';
import { type CollectorAddress, lookupBeyondLink } from './collector-address.ts';
import type { TlsOptions } from './siem-sink-options.ts';

const compress = promisify(gzip);

/** No answer of a collector is longer; the rest of one that is goes unread. */
const MAX_ANSWER_BYTES = 256 * 1_024;

/** Level 1: the network gains little from more, the processor loses much. */
const GZIP_LEVEL = 1;

export interface CollectorOptions {
  readonly address: CollectorAddress;
  readonly authorization: 'Splunk' | 'Bearer';
  readonly token: Secret | undefined;
  readonly gzip: boolean;
  readonly requestTimeoutMs: number;
  readonly allowLinkLocal: boolean;
  readonly tls: TlsOptions;
}

/**
 * One collector over HTTP. Follows no redirect, reads no more of an answer than {@link MAX_ANSWER_BYTES}, and gives a
 * request up, answer included, at its deadline. Connects when the first request is made.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #pool: Pool;

  constructor(options: CollectorOptions) {
    this.#options = options;
    const { insecure = false, ...tls } = options.tls;
    if (insecure) warnOfInsecureTls(options.address.origin);
    this.#pool = new Pool(options.address.origin, {
      connect: {
        ...tls,
        rejectUnauthorized: !insecure,
        timeout: options.requestTimeoutMs,
        ...(options.allowLinkLocal ? {} : { lookup: lookupBeyondLink }),
      },
      headersTimeout: options.requestTimeoutMs,
      bodyTimeout: options.requestTimeoutMs,
    });
  }

  /**
   * Posts a body and reads the answer, whatever its status.
   * @throws SinkUnavailableError when no whole answer came: the collector may or may not have the events
   * @throws SinkHoldError when the collector's certificate is not trusted, or its address is refused
   */
  async post(path: string, body: Buffer, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
    const { address, gzip: compressed, requestTimeoutMs } = this.#options;
    using deadline = new RequestDeadline(requestTimeoutMs, signal);
    try {
      const response = await this.#pool.request({
        method: 'POST',
        path: `${address.basePath}${path}`,
        headers: { ...headers, ...this.#authorization(), ...(compressed ? { 'content-encoding': 'gzip' } : {}) },
        body: compressed ? await compress(body, { level: GZIP_LEVEL }) : body,
        signal: deadline.signal,
      });
      return await readAnswer(response);
    } catch (thrown) {
      signal.throwIfAborted();
      throw this.#explain(thrown as NodeJS.ErrnoException);
    }
  }

  /** Ends every connection; requests that still wait for an answer fail. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }

  #authorization(): Record<string, string> {
    const { authorization, token } = this.#options;
    return token === undefined ? {} : { authorization: `${authorization} ${token.reveal()}` };
  }

  #explain(cause: NodeJS.ErrnoException): Error {
    const { address, requestTimeoutMs } = this.#options;
    if (cause instanceof DistributaryError) {
      return new SinkHoldError(cause.message, 'Nothing is sent until that is mended.', { cause });
    }
    if (cause.name === 'TimeoutError') {
      const message = `${address.origin} gave no whole answer within ${requestTimeoutMs} ms. The batch is sent again.`;
      return new SinkUnavailableError(message, { cause });
    }
    const reason = cause.code ?? cause.message;
    if (/^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_)/.test(reason)) {
      const remedy = 'Give its authority as tls.ca, or check that SIEM_URL speaks TLS.';
      return new SinkHoldError(`No trusted TLS connection to ${address.origin}: ${reason}.`, remedy, { cause });
    }
    return new SinkUnavailableError(`${address.origin} gave no whole answer: ${reason}. The batch is sent again.`, {
      cause,
    });
  }
}

function warnOfInsecureTls(origin: string): void {
  process.emitWarning(
    `Any certificate is accepted from ${origin}. Give its authority as tls.ca instead of tls.insecure.`,
    {
      code: 'DISTRIBUTARY_INSECURE_TLS',
    },
  );
}

async function readAnswer(response: Dispatcher.ResponseData): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) break;
  }
  return {
    status: response.statusCode,
    contentType: String(response.headers['content-type'] ?? ''),
    retryAfterMs: retryAfterMs(response.headers['retry-after']),
    text: Buffer.concat(chunks).toString('utf8', 0, MAX_ANSWER_BYTES),
  };
}
