import { randomUUID } from 'node:crypto';
import { DocumentStore, type StoredDocument } from './document-store.ts';
import { BulkRefusal, bulk } from './elasticsearch-bulk.ts';
import { type SearchRequest, search } from './elasticsearch-query.ts';
import { filterPath } from './filter-path.ts';
import { coversIndex } from './index-pattern.ts';
import type { Dialect, Exchange, Reply } from './stand-in-server.ts';

export interface ElasticsearchStandInOptions {
  /** Default 9. */
  readonly major?: 8 | 9;
  /** As `http.max_content_length`: larger bodies are answered 413. Default 100 MB. */
  readonly maxContentLength?: number;
  /** Where documents are kept beyond the process. Default: in memory alone. */
  readonly file?: string;
  /** Default: a free one. */
  readonly port?: number;
}

interface IndexTemplate {
  readonly index_patterns?: string | readonly string[];
  readonly data_stream?: object;
}

const VERSIONS = { 8: '8.19.0', 9: '9.2.0' } as const;
const BULK_PATH = /^(?:\/([^/]+))?\/_bulk$/;

type Route = readonly [methods: string, path: RegExp, answer: (exchange: Exchange, names: string[]) => Reply];

/** As much of Elasticsearch's HTTP interface as delivering documents and looking at them needs. */
export class ElasticsearchStandIn implements Dialect {
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBodyBytes: number;
  duplicates = 0;
  readonly #major: 8 | 9;
  readonly #store: DocumentStore;
  readonly #indices = new Set<string>();
  readonly #templates = new Map<string, IndexTemplate>();
  readonly #dataStreams = new Set<string>();
  readonly #routes: readonly Route[];

  constructor({ major = 9, maxContentLength = 100 * 1024 * 1024, file }: ElasticsearchStandInOptions = {}) {
    this.#major = major;
    this.#store = new DocumentStore('replace', file);
    for (const { index } of this.#store.documents()) this.#indices.add(index);
    this.maxBodyBytes = maxContentLength;
    this.headers = {
      'x-elastic-product': 'Elasticsearch',
      'content-type': `application/vnd.elasticsearch+json;compatible-with=${major}`,
    };
    this.#routes = [
      ['GET HEAD', /^\/$/, () => ok(this.#about())],
      ['POST PUT', BULK_PATH, (exchange, [index]) => this.#bulk(exchange, index)],
      ['GET', /^\/_cluster\/health$/, () => ok({ cluster_name: 'stand-in', status: 'green', timed_out: false })],
      ['PUT', /^\/_index_template\/([^/]+)$/, (exchange, [name = '']) => this.#putTemplate(exchange, name)],
      ['GET HEAD', /^\/_index_template\/([^/]+)$/, (_, [name = '']) => this.#getTemplate(name)],
      ['PUT', /^\/_data_stream\/([^/]+)$/, (_, [name = '']) => this.#putDataStream(name)],
      ['GET', /^\/_data_stream\/([^/]+)$/, (_, [pattern = '']) => this.#getDataStreams(pattern)],
      ['GET POST', /^(?:\/([^/]+))?\/_refresh$/, () => ok({ _shards: { total: 1, successful: 1, failed: 0 } })],
      ['GET POST', /^(?:\/([^/]+))?\/_count$/, (exchange, [pattern]) => this.#count(exchange, pattern)],
      ['GET POST', /^(?:\/([^/]+))?\/_search$/, (exchange, [pattern]) => this.#search(exchange, pattern)],
      ['GET', /^\/([^/]+)\/_doc\/(.+)$/, (_, [index = '', id = '']) => this.#get(index, id)],
      ['PUT', /^\/([^/_][^/]*)$/, (_, [index = '']) => this.#putIndex(index)],
      ['GET HEAD', /^\/([^/_][^/]*)$/, (_, [index = '']) => this.#getIndex(index)],
      ['DELETE', /^\/([^/_][^/]*)$/, (_, [pattern = '']) => this.#deleteIndices(pattern)],
    ];
  }

  get storedCount(): number {
    return this.#store.size;
  }

  stored(): readonly StoredDocument[] {
    return [...this.#store.documents()];
  }

  isDelivery(_method: string, path: string): boolean {
    return BULK_PATH.test(path);
  }

  refusal(status: number): unknown {
    const type = REFUSALS[status] ?? 'exception';
    return error(status, type, 'as the fault plan has it').body;
  }

  handle(exchange: Exchange): Reply {
    if (newestAsked(exchange) > this.#major) return mediaTypeRefused();
    const allowed = this.#routes.filter(([, path]) => path.test(exchange.path));
    const route = allowed.find(([methods]) => methods.split(' ').includes(exchange.method));
    if (!route) {
      const reason = `no handler found for uri [${exchange.path}] and method [${exchange.method}]`;
      return error(allowed.length > 0 ? 405 : 400, 'illegal_argument_exception', reason);
    }
    const reply = answered(route, exchange);
    return { ...reply, body: filterPath(reply.body, exchange.query.get('filter_path')) };
  }

  #about(): unknown {
    const number = VERSIONS[this.#major];
    return {
      name: 'stand-in',
      cluster_name: 'stand-in',
      version: { number, build_flavor: 'default', minimum_wire_compatibility_version: `${this.#major - 1}.19.0` },
      tagline: 'You Know, for Search',
    };
  }

  #bulk({ body, faults }: Exchange, index: string | undefined): Reply {
    const { answer, duplicates } = bulk(body, index, {
      store: this.#store,
      indices: this.#indices,
      faults,
      isDataStream: (name) => this.#isDataStream(name),
      newId: randomUUID,
    });
    this.duplicates += duplicates;
    return ok(answer);
  }

  #isDataStream(name: string): boolean {
    if (this.#dataStreams.has(name)) return true;
    return [...this.#templates.values()].some(
      ({ data_stream, index_patterns = [] }) =>
        data_stream !== undefined && [index_patterns].flat().some((pattern) => coversIndex(pattern, name)),
    );
  }

  #putTemplate({ body }: Exchange, name: string): Reply {
    this.#templates.set(name, JSON.parse(body.toString('utf8')));
    return acknowledged();
  }

  #getTemplate(pattern: string): Reply {
    const found = [...this.#templates].filter(([name]) => coversIndex(pattern, name));
    if (found.length === 0) {
      return error(404, 'resource_not_found_exception', `index template matching [${pattern}] not found`);
    }
    return ok({ index_templates: found.map(([name, template]) => ({ name, index_template: template })) });
  }

  #putDataStream(name: string): Reply {
    this.#dataStreams.add(name);
    return acknowledged();
  }

  #getDataStreams(pattern: string): Reply {
    const names = [...new Set([...this.#dataStreams, ...this.#indices])].filter((name) => this.#isDataStream(name));
    const found = names.filter((name) => coversIndex(pattern, name));
    if (found.length === 0 && !isWildcard(pattern)) return noSuchIndex(pattern);
    return ok({ data_streams: found.map((name) => ({ name })) });
  }

  #count({ body, query }: Exchange, pattern = '*'): Reply {
    const missing = this.#missing(pattern, query);
    if (missing) return noSuchIndex(missing);
    return ok({ count: search(this.#within(pattern), { ...parseSearch(body), size: 0 }).total });
  }

  #search({ body, query }: Exchange, pattern = '*'): Reply {
    const missing = this.#missing(pattern, query);
    if (missing) return noSuchIndex(missing);
    const request = parseSearch(body);
    const { total, page } = search(this.#within(pattern), request);
    const hits = page.map(({ document: { id, index, document }, sort }) => ({
      _index: index,
      _id: id,
      _score: request.sort ? null : 1,
      ...(request._source === false ? {} : { _source: document }),
      ...(request.sort ? { sort } : {}),
    }));
    const shards = { total: 1, successful: 1, skipped: 0, failed: 0 };
    return ok({
      took: 1,
      timed_out: false,
      _shards: shards,
      hits: { total: { value: total, relation: 'eq' }, max_score: null, hits },
    });
  }

  #get(index: string, id: string): Reply {
    const found = this.#within(index).find((document) => document.id === id);
    if (!found) return { status: 404, body: { _index: index, _id: id, found: false } };
    return ok({ _index: index, _id: id, _version: 1, found: true, _source: found.document });
  }

  #putIndex(index: string): Reply {
    if (this.#indices.has(index)) {
      return error(400, 'resource_already_exists_exception', `index [${index}] already exists`);
    }
    this.#indices.add(index);
    return ok({ acknowledged: true, shards_acknowledged: true, index });
  }

  #getIndex(index: string): Reply {
    if (!this.#indices.has(index)) return noSuchIndex(index);
    return ok({ [index]: {} });
  }

  #deleteIndices(pattern: string): Reply {
    this.#store.remove(({ index }) => coversIndex(pattern, index));
    for (const index of this.#indices) if (coversIndex(pattern, index)) this.#indices.delete(index);
    return acknowledged();
  }

  /** The first that is named outright and is not there. */
  #missing(pattern: string, query: URLSearchParams): string | undefined {
    if (query.get('ignore_unavailable') === 'true') return undefined;
    const exists = (name: string) => isWildcard(name) || this.#indices.has(name) || this.#dataStreams.has(name);
    return pattern.split(',').find((name) => !exists(name));
  }

  #within(pattern: string): readonly StoredDocument[] {
    return this.stored().filter(({ index }) => coversIndex(pattern, index));
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'illegal_argument_exception',
  401: 'security_exception',
  403: 'security_exception',
  404: 'index_not_found_exception',
  413: 'content_too_long_exception',
  429: 'es_rejected_execution_exception',
  503: 'unavailable_shards_exception',
};

function answered([, path, answer]: Route, exchange: Exchange): Reply {
  try {
    return answer(exchange, path.exec(exchange.path)?.slice(1) ?? []);
  } catch (thrown) {
    if (thrown instanceof BulkRefusal) return error(400, thrown.type, thrown.message);
    return error(400, 'parsing_exception', (thrown as Error).message);
  }
}

/** The newest major that the request's headers ask to be compatible with. */
function newestAsked({ headers }: Exchange): number {
  const asked = [headers.accept, headers['content-type']].map(
    (header) => /compatible-with=(\d+)/.exec(header ?? '')?.[1],
  );
  return Math.max(0, ...asked.map((major) => Number(major ?? 0)));
}

function mediaTypeRefused(): Reply {
  const reason = 'Invalid media-type value on headers [Accept, Content-Type]';
  return error(400, 'media_type_header_exception', reason);
}

function parseSearch(body: Buffer): SearchRequest {
  return body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
}

function isWildcard(pattern: string): boolean {
  return pattern === '_all' || pattern.includes('*');
}

function noSuchIndex(name: string): Reply {
  return error(404, 'index_not_found_exception', `no such index [${name}]`);
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}

function acknowledged(): Reply {
  return ok({ acknowledged: true });
}

function error(status: number, type: string, reason: string): Reply {
  return { status, body: { error: { root_cause: [{ type, reason }], type, reason }, status } };
}
