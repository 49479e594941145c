import { type Batch, Entry, type EntryId } from '@distributary/core';
import type { ElasticsearchSinkOptions } from '@distributary/sink-elasticsearch';
import { type ReceivedRequest, type Script, type ScriptedAnswer, ScriptedServer } from '@distributary/testing';

export const unaborted: AbortSignal = new AbortController().signal;

const PRODUCT = { 'x-elastic-product': 'Elasticsearch' };
const FIRST_MS = Date.UTC(2026, 10, 24, 12);

/** Entries with these lines, one millisecond after the other. */
export function batchOf(...lines: string[]): Batch<string> {
  return lines.map((line, i) => decoded(`${FIRST_MS + i}-0`, line));
}

export function numbered(count: number): Batch<string> {
  return batchOf(...Array.from({ length: count }, (_, i) => `line ${i}`));
}

export function decoded(id: EntryId, line: string, eid?: string): Batch<string>[number] {
  const parts = ['line', line, ...(eid === undefined ? [] : ['eid', eid])].map((text) => Buffer.from(text));
  return { id, entry: new Entry(id, parts), payload: line };
}

export function optionsFor(
  url: string,
  more: Partial<ElasticsearchSinkOptions<string>> = {},
): ElasticsearchSinkOptions<string> {
  return { url, index: 'syslog-{yyyy.MM.dd}', document: (line) => ({ event: { original: line } }), ...more };
}

/** A server of that version that answers bulk requests as its script says, and everything else as a healthy one does. */
export function startBulkServer(
  script: Script = (request) => items(linesOf(request).map(() => CREATED)),
  version = '9.2.1',
): Promise<ScriptedServer> {
  return ScriptedServer.start(async (request, response) => {
    if (request.path === '/') return { status: 200, headers: PRODUCT, body: { version: { number: version } } };
    if (!request.path.includes('_bulk')) return { status: 200, headers: PRODUCT, body: { acknowledged: true } };
    const answer = await script(request, response);
    return answer && { ...answer, headers: { ...PRODUCT, ...answer.headers } };
  });
}

/** An item of a bulk answer, below its operation. */
export interface Item {
  readonly status: number;
  readonly error?: { readonly type: string; readonly reason: string };
  readonly failure_store?: string;
}

export const CREATED: Item = { status: 201 };

export function failed(status: number, type: string, reason = 'as scripted'): Item {
  return { status, error: { type, reason } };
}

/** The answer with these items. */
export function items(list: readonly Item[]): ScriptedAnswer {
  return { status: 200, body: { errors: list.some(({ error }) => error), items: list.map((create) => ({ create })) } };
}

/** The lines of the documents of a bulk request. */
export function linesOf(request: ReceivedRequest): string[] {
  return pairsOf(request).map(([, document]) => (document as { event: { original: string } }).event.original);
}

/** The actions of a bulk request with their documents. */
export function pairsOf({ body }: ReceivedRequest): [action: unknown, document: unknown][] {
  const lines = body
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
  return Array.from({ length: lines.length / 2 }, (_, i) => [lines[2 * i], lines[2 * i + 1]]);
}

export function bulksOf({ requests }: ScriptedServer): ReceivedRequest[] {
  return requests.filter(({ path }) => path.includes('_bulk'));
}
