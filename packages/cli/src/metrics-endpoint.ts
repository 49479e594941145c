import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { asError } from '@distributary/core';
import type { ConsumerHealth, Health } from './consumer-health.ts';
import type { ConsumerMetrics } from './consumer-metrics.ts';

const HOST = '127.0.0.1';

/** How many ports are tried, from the one that was asked for, before a consumer goes without. */
const TRIES = 100;
const LAST_PORT = 65_535;

/** By any other name, a page in a browser could have resolved its own domain to this host. */
const OWN_NAMES = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/** Answers `GET /metrics`, `/live` and `/ready` on loopback until the process ends. */
export class MetricsEndpoint {
  readonly #server: Server;
  readonly #metrics: ConsumerMetrics;
  readonly #health: ConsumerHealth;

  constructor(metrics: ConsumerMetrics, health: ConsumerHealth) {
    this.#metrics = metrics;
    this.#health = health;
    this.#server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
      this.#answer(request, response).catch((thrown: unknown) => {
        say(response, 500, 'text/plain', `${asError(thrown).message}\n`);
      });
    });
    this.#server.maxConnections = 64;
    // What goes wrong here costs an answer and never the consumer.
    this.#server.on('error', () => undefined);
  }

  /** @returns the port it listens on: the given one, or the next that is free; undefined when there is none near */
  async listen(port: number): Promise<number | undefined> {
    for (let tried = port; tried < port + TRIES && tried <= LAST_PORT; tried++) {
      try {
        this.#server.listen(tried, HOST);
        await once(this.#server, 'listening');
        this.#server.unref();
        return tried;
      } catch (thrown) {
        const { code } = thrown as NodeJS.ErrnoException;
        if (code !== 'EADDRINUSE' && code !== 'EACCES') return undefined;
      }
    }
    return undefined;
  }

  async #answer({ method, headers, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!OWN_NAMES.test(headers.host ?? '')) return say(response, 403, 'text/plain', `Ask for ${HOST} or localhost.\n`);
    if (method !== 'GET') {
      response.setHeader('allow', 'GET');
      return say(response, 405, 'text/plain', 'Only GET is answered.\n');
    }
    const [path] = url.split('?');
    if (path === '/metrics') return say(response, 200, this.#metrics.contentType, await this.#metrics.text());
    if (path === '/live') return sayHealth(response, await this.#health.live());
    if (path === '/ready') return sayHealth(response, this.#health.ready());
    return say(response, 404, 'text/plain', 'There are /metrics, /live and /ready.\n');
  }
}

function sayHealth(response: ServerResponse, { healthy, body }: Health): void {
  say(response, healthy ? 200 : 503, 'application/json', `${JSON.stringify(body)}\n`);
}

function say(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
