import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { StoredDocument } from './document-store.ts';
import { type Fault, FaultPlan, type Faults, faultOf } from './faults.ts';

/** A request as a dialect sees it, its body decompressed. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly faults: readonly Fault[];
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out as it is, anything else as JSON. */
  readonly body: unknown;
}

/** What a stand-in counted since it was started. */
export interface StandInCounts {
  readonly requests: number;
  /** Requests that delivered documents. */
  readonly deliveries: number;
  /** Documents that came although they were already there. */
  readonly duplicates: number;
  readonly stored: number;
}

/** The protocol that a stand-in speaks, and what it stores. */
export interface Dialect {
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBodyBytes: number;
  readonly duplicates: number;
  readonly storedCount: number;
  isDelivery(method: string, path: string): boolean;
  handle(exchange: Exchange): Reply;
  /** The destination's own way to say so. */
  refusal(status: number): unknown;
  stored(): readonly StoredDocument[];
}

/** A stand-in for a destination: an HTTP server on loopback that misbehaves when it is told to. */
export class StandInServer implements AsyncDisposable {
  readonly faults: Faults;
  readonly #dialect: Dialect;
  readonly #plan = new FaultPlan();
  #server: Server | undefined;
  #port: number;
  #requests = 0;
  #deliveries = 0;

  private constructor(dialect: Dialect, port: number) {
    this.#dialect = dialect;
    this.#port = port;
    this.faults = {
      set: (...faults) => this.#change(() => this.#plan.set(faults)),
      next: (count, fault) => this.#change(() => this.#plan.next(count, fault)),
      clear: () => this.#change(() => this.#plan.set([])),
    };
  }

  static async listen(dialect: Dialect, port = 0): Promise<StandInServer> {
    const standIn = new StandInServer(dialect, port);
    await standIn.#open();
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async stored(): Promise<readonly StoredDocument[]> {
    return this.#dialect.stored();
  }

  async counts(): Promise<StandInCounts> {
    const { duplicates, storedCount } = this.#dialect;
    return { requests: this.#requests, deliveries: this.#deliveries, duplicates, stored: storedCount };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #change(change: () => void): Promise<void> {
    change();
    await (this.#plan.isDown ? this.#close() : this.#open());
  }

  async #open(): Promise<void> {
    if (this.#server) return;
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((thrown: Error) => response.destroy(thrown));
    });
    this.#server = server;
    await once(server.listen(this.#port, '127.0.0.1'), 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request;
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const path = decodeURIComponent(pathname);
    const raw = await readBody(request);
    const delivers = this.#dialect.isDelivery(method, path);
    this.#requests++;
    if (delivers) this.#deliveries++;
    const faults = this.#plan.forRequest(delivers ? 'delivery' : 'other');
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const exchange = { method, path, query: searchParams, headers: request.headers, body, faults };
    await sleep(faultOf(faults, 'slow')?.ms ?? 0, undefined, { ref: false });
    if (faultOf(faults, 'reset')?.after === 'receipt') return void response.destroy();
    const reply = this.#refusal(exchange) ?? this.#dialect.handle(exchange);
    if (faultOf(faults, 'reset')?.after === 'commit') return void response.destroy();
    this.#send(response, reply, { method, truncated: faultOf(faults, 'truncated') !== undefined });
  }

  /** What a whole request is answered when a fault, or its size, forbids it. */
  #refusal({ faults, body }: Exchange): Reply | undefined {
    const status = faultOf(faults, 'status');
    if (status) {
      const { retryAfterSeconds } = status;
      const headers: Record<string, string> =
        retryAfterSeconds === undefined ? {} : { 'retry-after': `${retryAfterSeconds}` };
      return { status: status.status, headers, body: this.#dialect.refusal(status.status) };
    }
    const redirect = faultOf(faults, 'redirect');
    if (redirect) return { status: 307, headers: { location: redirect.location }, body: '' };
    if (faultOf(faults, 'html')) {
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>Please log in</body></html>' };
    }
    const maxBytes = Math.min(this.#dialect.maxBodyBytes, faultOf(faults, 'tooLarge')?.maxBytes ?? Infinity);
    if (body.length > maxBytes) return { status: 413, body: this.#dialect.refusal(413) };
    const containing = faultOf(faults, 'refuseRequest')?.containing;
    if (containing !== undefined && body.includes(containing)) return { status: 400, body: this.#dialect.refusal(400) };
    return undefined;
  }

  #send(response: ServerResponse, reply: Reply, { method, truncated }: { method: string; truncated: boolean }): void {
    const body = Buffer.from(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
    response.writeHead(reply.status, {
      ...this.#dialect.headers,
      ...reply.headers,
      'content-length': `${body.length}`,
    });
    if (truncated) response.write(body.subarray(0, body.length / 2), () => response.destroy());
    else response.end(method === 'HEAD' ? undefined : body);
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
