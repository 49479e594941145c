import { concatenatedJson } from './concatenated-json.ts';
import { DocumentStore, type StoredDocument } from './document-store.ts';
import { faultOf, itemStatus } from './faults.ts';
import type { Dialect, Exchange, Reply } from './stand-in-server.ts';

export interface CollectorStandInOptions {
  /** What requests must bring; default: any token, or none. */
  readonly token?: string;
  /** Whether the token has indexer acknowledgement. Default false. */
  readonly ack?: boolean;
  /** Larger bodies are answered 413. Default 100 MB. */
  readonly maxContentLength?: number;
  /** Where events are kept beyond the process. Default: in memory alone. */
  readonly file?: string;
  /** Default: a free one. */
  readonly port?: number;
}

const CHANNEL = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DELIVERY_PATHS = new Set(['/services/collector/event', '/services/collector', '/ndjson', '/json']);

type Judged = { readonly code: number; readonly position: number } | undefined;

/** Splunk's HTTP event collector, and the plain NDJSON and JSON-array collectors beside it. */
export class CollectorStandIn implements Dialect {
  readonly headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' };
  readonly maxBodyBytes: number;
  duplicates = 0;
  readonly #token: string | undefined;
  readonly #ack: boolean;
  readonly #store: DocumentStore;
  /** Per channel: the next ID, and those that will be confirmed once when asked for. */
  readonly #channels = new Map<string, { nextId: number; readonly confirmed: Set<number> }>();

  constructor({ token, ack = false, maxContentLength = 100 * 1024 * 1024, file }: CollectorStandInOptions = {}) {
    this.#token = token;
    this.#ack = ack;
    this.#store = new DocumentStore('keep', file);
    this.maxBodyBytes = maxContentLength;
  }

  get storedCount(): number {
    return this.#store.size;
  }

  stored(): readonly StoredDocument[] {
    return [...this.#store.documents()];
  }

  isDelivery(_method: string, path: string): boolean {
    return DELIVERY_PATHS.has(path);
  }

  refusal(status: number): unknown {
    const code = { 400: 6, 401: 3, 403: 4, 503: 9 }[status];
    return code === undefined ? { text: 'as the fault plan has it' } : { text: TEXTS[code], code };
  }

  handle(exchange: Exchange): Reply {
    const { method, path } = exchange;
    if (/^\/services\/collector\/health(\/1\.0)?$/.test(path)) return said(17);
    if (path === '/services/collector/ack') return this.#unauthorized(exchange) ?? this.#acknowledge(exchange);
    if (!DELIVERY_PATHS.has(path))
      return { status: 404, body: { text: 'The requested URL was not found.', code: 404 } };
    if (method !== 'POST') return { status: 405, body: { text: 'The requested method is not allowed.', code: 405 } };
    const refused = this.#unauthorized(exchange);
    if (refused) return refused;
    return path.startsWith('/services') ? this.#takeEvents(exchange) : this.#takePlain(exchange);
  }

  #unauthorized({ headers, path }: Exchange): Reply | undefined {
    if (this.#token === undefined) return undefined;
    const scheme = path.startsWith('/services') ? 'Splunk' : 'Bearer';
    if (headers.authorization === undefined) return said(2);
    const [given, token] = headers.authorization.split(' ');
    if (given !== scheme || !token) return said(3);
    return token === this.#token ? undefined : said(4);
  }

  #takeEvents(exchange: Exchange): Reply {
    const channel = channelOf(exchange);
    if (this.#ack && channel === undefined) return said(10);
    if (channel !== undefined && !CHANNEL.test(channel)) return said(11);
    const events = [...concatenatedJson(exchange.body.toString('utf8'))];
    if (events.length === 0) return said(5);
    const offence = firstOffence(events, exchange);
    const isLost = faultOf(exchange.faults, 'acks')?.how === 'lost';
    if (!isLost) this.#keep(events.slice(0, offence?.position ?? events.length));
    if (offence) return said(offence.code, { 'invalid-event-number': offence.position });
    if (!this.#ack || channel === undefined) return said(0);
    return said(0, { ackId: this.#nextAckId(channel, exchange) });
  }

  #nextAckId(channel: string, { faults }: Exchange): number {
    const state = this.#channels.get(channel) ?? { nextId: 0, confirmed: new Set<number>() };
    this.#channels.set(channel, state);
    const ackId = state.nextId++;
    if (!faultOf(faults, 'acks')) state.confirmed.add(ackId);
    return ackId;
  }

  /** A confirmation is given once and then forgotten, as Splunk does. */
  #acknowledge(exchange: Exchange): Reply {
    if (!this.#ack) return said(14);
    const channel = channelOf(exchange);
    if (channel === undefined) return said(10);
    const asked = parse(exchange.body.toString('utf8'))?.['acks'];
    if (!Array.isArray(asked)) return said(6);
    const confirmed = this.#channels.get(channel)?.confirmed;
    const acks = Object.fromEntries(asked.map((id: number) => [id, confirmed?.delete(id) ?? false]));
    return { status: 200, body: { acks } };
  }

  #takePlain({ path, body, faults }: Exchange): Reply {
    const text = body.toString('utf8');
    const events = path === '/json' ? arrayElements(text) : text.split('\n').filter((line) => line !== '');
    const isOffence = (event: string, i: number) => !parse(event) || itemStatus(faults, event, i) !== undefined;
    if (!events || events.some(isOffence))
      return { status: 400, body: { error: 'the request holds an invalid event' } };
    this.#keep(events);
    return { status: 200, body: { ok: true } };
  }

  #keep(events: readonly string[]): void {
    const documents = events.map((text) => ({ index: '', id: identityOf(text), text }));
    const seen = new Set<string>();
    for (const { id } of documents) {
      if (id !== '' && (seen.has(id) || this.#store.has('', id))) this.duplicates++;
      seen.add(id);
    }
    this.#store.add(documents);
  }
}

/** Statuses and texts of Splunk's HTTP event collector. */
const STATUSES: Readonly<Record<number, number>> = { 0: 200, 2: 401, 3: 401, 4: 403, 8: 500, 9: 503, 17: 200 };
const TEXTS: Readonly<Record<number, string>> = {
  0: 'Success',
  2: 'Token is required',
  3: 'Invalid authorization',
  4: 'Invalid token',
  5: 'No data',
  6: 'Invalid data format',
  8: 'Internal server error',
  9: 'Server is busy',
  10: 'Data channel is missing',
  11: 'Invalid data channel',
  12: 'Event field is required',
  13: 'Event field cannot be blank',
  14: 'ACK is disabled',
  17: 'HEC is healthy',
};

function said(code: number, more: object = {}): Reply {
  return { status: STATUSES[code] ?? 400, body: { text: TEXTS[code], code, ...more } };
}

/** Where the events stop being taken, and why: Splunk has stored those before it. */
function firstOffence(events: readonly string[], { faults }: Exchange): Judged {
  const takes = faultOf(faults, 'partial')?.after ?? Infinity;
  for (const [position, text] of events.entries()) {
    if (position >= takes) return { code: 9, position };
    const status = itemStatus(faults, text, position);
    if (status !== undefined) return { code: status >= 500 || status === 429 ? 9 : 6, position };
    const event = parse(text);
    if (!event) return { code: 6, position };
    if (event['event'] === undefined || event['event'] === null) return { code: 12, position };
    if (event['event'] === '') return { code: 13, position };
  }
  return undefined;
}

function channelOf({ headers, query }: Exchange): string | undefined {
  const header = headers['x-splunk-request-channel'];
  return (typeof header === 'string' ? header : undefined) ?? query.get('channel') ?? undefined;
}

function identityOf(text: string): string {
  const fields = parse(text)?.['fields'] as { distributary_id?: unknown } | undefined;
  return typeof fields?.distributary_id === 'string' ? fields.distributary_id : '';
}

function arrayElements(text: string): string[] | undefined {
  try {
    const elements: unknown = JSON.parse(text);
    return Array.isArray(elements) ? elements.map((element) => JSON.stringify(element)) : undefined;
  } catch {
    return undefined;
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
