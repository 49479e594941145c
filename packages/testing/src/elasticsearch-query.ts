import type { StoredDocument } from './document-store.ts';

export interface SearchRequest {
  readonly query?: Query;
  readonly size?: number;
  readonly from?: number;
  readonly sort?: readonly (string | Record<string, 'asc' | 'desc' | { readonly order: 'asc' | 'desc' }>)[];
  readonly search_after?: readonly (string | number)[];
  /** False leaves the documents themselves out of the answer. Default true. */
  readonly _source?: boolean;
}

export interface SearchResult {
  readonly total: number;
  readonly page: readonly { readonly document: StoredDocument; readonly sort: readonly (string | number)[] }[];
}

type Query = Record<string, unknown>;
type Fields = Readonly<Record<string, unknown>>;
type Ordered = string | number;

/** As `index.max_result_window`. */
const MAX_RESULT_WINDOW = 10_000;

/** The documents that match, of all, and the page that was asked for, with what each was sorted by. */
export function search(documents: readonly StoredDocument[], request: SearchRequest): SearchResult {
  if ((request.from ?? 0) + (request.size ?? 10) > MAX_RESULT_WINDOW) {
    throw new Error(`Result window is too large, from + size must be less than or equal to: [${MAX_RESULT_WINDOW}]`);
  }
  const keys = (request.sort ?? []).map(sortKey);
  const found = documents
    .filter((document) => matches(request.query ?? { match_all: {} }, document))
    .map((document) => ({ document, sort: keys.map(({ field }) => fieldOf(document, field) as Ordered) }))
    .sort((a, b) => compareAll(a.sort, b.sort, keys));
  const after = request.search_after;
  const rest = after ? found.filter(({ sort }) => compareAll(sort, after, keys) > 0) : found;
  const from = request.from ?? 0;
  return { total: found.length, page: rest.slice(from, from + (request.size ?? 10)) };
}

/** @throws Error for a kind of query that the stand-in does not know */
function matches(query: Query, document: StoredDocument): boolean {
  const [kind = '', body] = Object.entries(query)[0] ?? [];
  const fields = body as Fields;
  if (kind === 'match_all') return true;
  if (kind === 'ids') return (fields['values'] as string[]).includes(document.id);
  if (kind === 'bool') {
    const unknown = Object.keys(fields).find((name) => name !== 'must' && name !== 'filter');
    if (unknown) throw new Error(`unknown clause [${unknown}] of a bool query`);
    const clauses = [fields['must'], fields['filter']].flatMap((clause) => clause ?? []) as Query[];
    return clauses.every((clause) => matches(clause, document));
  }
  const [field = '', wanted] = Object.entries(fields)[0] ?? [];
  const value = fieldOf(document, field);
  if (kind === 'term') return equals(value, isFields(wanted) ? wanted['value'] : wanted);
  if (kind === 'terms') return (wanted as unknown[]).some((one) => equals(value, one));
  if (kind === 'range') return inRange(value as Ordered, wanted as Fields);
  throw new Error(`unknown query [${kind}]`);
}

function equals(value: unknown, wanted: unknown): boolean {
  return Array.isArray(value) ? value.includes(wanted) : value === wanted;
}

function inRange(value: Ordered, { gt, gte, lt, lte }: Fields): boolean {
  if (value === undefined) return false;
  return (
    (gt === undefined || value > (gt as Ordered)) &&
    (gte === undefined || value >= (gte as Ordered)) &&
    (lt === undefined || value < (lt as Ordered)) &&
    (lte === undefined || value <= (lte as Ordered))
  );
}

/** Fields may be nested, dotted, or a text field's `.keyword`. */
function fieldOf(document: StoredDocument, field: string): unknown {
  if (field === '_id') return document.id;
  const path = field.replace(/\.keyword$/, '').split('.');
  return lookUp(document.document, path);
}

function lookUp(fields: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return fields;
  if (!isFields(fields)) return undefined;
  for (let taken = path.length; taken > 0; taken--) {
    const name = path.slice(0, taken).join('.');
    const found = Object.hasOwn(fields, name) ? lookUp(fields[name], path.slice(taken)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

interface SortKey {
  readonly field: string;
  readonly sign: 1 | -1;
}

function sortKey(given: NonNullable<SearchRequest['sort']>[number]): SortKey {
  if (typeof given === 'string') return { field: given, sign: 1 };
  const [field = '_id', order] = Object.entries(given)[0] ?? [];
  return { field, sign: (typeof order === 'object' ? order.order : order) === 'desc' ? -1 : 1 };
}

function compareAll(a: readonly Ordered[], b: readonly Ordered[], keys: readonly SortKey[]): number {
  for (const [i, { sign }] of keys.entries()) {
    const [left, right] = [a[i] ?? '', b[i] ?? ''];
    if (left !== right) return left < right ? -sign : sign;
  }
  return 0;
}
