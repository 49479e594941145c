import type { DocumentStore } from './document-store.ts';
import { type Fault, faultOf, itemStatus } from './faults.ts';

/** One action of a bulk request with its document's text. */
interface BulkAction {
  readonly op: 'create' | 'index';
  readonly index: string;
  readonly id: string;
  readonly text: string;
}

type Item = Record<string, Record<string, unknown>>;

/** A bulk request that is refused as a whole, with Elasticsearch's own type and reason. */
export class BulkRefusal extends Error {
  readonly type: string;

  constructor(type: string, reason: string) {
    super(reason);
    this.type = type;
  }
}

const MAX_ID_BYTES = 512;

export interface BulkSurroundings {
  readonly store: DocumentStore;
  /** Those there are; the ones that the request creates are added. */
  readonly indices: Set<string>;
  readonly faults: readonly Fault[];
  readonly isDataStream: (index: string) => boolean;
  readonly newId: () => string;
}

export interface BulkOutcome {
  readonly answer: { readonly errors: boolean; readonly took: number; readonly items: readonly Item[] };
  readonly duplicates: number;
}

/** The answer to `_bulk`, item by item. @throws BulkRefusal when nothing of the request was looked at */
export function bulk(body: Buffer, defaultIndex: string | undefined, surroundings: BulkSurroundings): BulkOutcome {
  const actions = [...parseActions(body, defaultIndex, surroundings.newId)];
  const accepted: BulkAction[] = [];
  const acceptedKeys = new Set<string>();
  let duplicates = 0;
  const items = actions.map((action, position): Item => {
    const key = `${action.index}\0${action.id}`;
    const exists = surroundings.store.has(action.index, action.id) || acceptedKeys.has(key);
    const error = errorOf(action, position, exists, surroundings);
    if (exists) duplicates++;
    if (error) return { [action.op]: { _index: action.index, _id: action.id, ...error } };
    const diverted = isDiverted(action, surroundings.faults);
    if (!diverted) {
      accepted.push(action);
      acceptedKeys.add(key);
    }
    return { [action.op]: success(action, surroundings.store.size + accepted.length - 1, exists, diverted) };
  });
  surroundings.store.add(accepted.map(({ index, id, text }) => ({ index, id, text })));
  for (const { index } of accepted) surroundings.indices.add(index);
  const errors = items.some((item) => Object.values(item).some((result) => 'error' in result));
  return { answer: { errors, took: 1, items: misreported(items, surroundings.faults) }, duplicates };
}

function* parseActions(body: Buffer, defaultIndex: string | undefined, newId: () => string): Generator<BulkAction> {
  if (body.length === 0) throw new BulkRefusal('parse_exception', 'request body is required');
  const lines = body.toString('utf8').split('\n');
  if (lines.pop() !== '') {
    throw new BulkRefusal('illegal_argument_exception', 'The bulk request must be terminated by a newline [\\n]');
  }
  for (let line = 0; line < lines.length; line += 2) {
    const [op, target] = parseActionLine(lines[line] ?? '', line + 1);
    const text = lines[line + 1];
    if (text === undefined) {
      throw new BulkRefusal('action_request_validation_exception', 'Validation Failed: 1: no requests added;');
    }
    const id = target['_id'] === undefined ? newId() : String(target['_id']);
    if (Buffer.byteLength(id) > MAX_ID_BYTES) throw tooLong(id);
    const index = String(target['_index'] ?? defaultIndex ?? '');
    if (index === '')
      throw new BulkRefusal('action_request_validation_exception', 'Validation Failed: 1: index is missing;');
    yield { op, index, id, text };
  }
}

function parseActionLine(text: string, line: number): ['create' | 'index', Record<string, unknown>] {
  const action = parseObject(text);
  const [op, target] = Object.entries(action ?? {})[0] ?? [];
  if ((op === 'create' || op === 'index') && typeof target === 'object' && target !== null) {
    return [op, target as Record<string, unknown>];
  }
  const reason = `Malformed action/metadata line [${line}], expected field [create], [delete], [index] or [update]`;
  throw new BulkRefusal('illegal_argument_exception', reason);
}

function tooLong(id: string): BulkRefusal {
  const reason = `id [${id}] is too long, must be no longer than ${MAX_ID_BYTES} bytes but was: ${Buffer.byteLength(id)};`;
  return new BulkRefusal('action_request_validation_exception', `Validation Failed: 1: ${reason}`);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const FAULT_TYPES: Readonly<Record<number, string>> = {
  400: 'document_parsing_exception',
  403: 'cluster_block_exception',
  404: 'index_not_found_exception',
  429: 'es_rejected_execution_exception',
  503: 'unavailable_shards_exception',
};

function errorOf(
  { op, index, id, text }: BulkAction,
  position: number,
  exists: boolean,
  { faults, isDataStream }: BulkSurroundings,
) {
  const status = itemStatus(faults, text, position);
  if (status !== undefined) return failure(status, FAULT_TYPES[status] ?? 'exception', 'as the fault plan has it');
  if (isDataStream(index) && op !== 'create') {
    const reason = 'only write ops with an op_type of create are allowed in data streams';
    return failure(400, 'illegal_argument_exception', reason);
  }
  const document = parseObject(text);
  if (!document) return failure(400, 'document_parsing_exception', '[1:1] failed to parse');
  if (isDataStream(index) && document['@timestamp'] === undefined) {
    const reason = '[1:1] failed to parse: data stream timestamp field [@timestamp] is missing';
    return failure(400, 'document_parsing_exception', reason);
  }
  if (op === 'create' && exists) {
    const reason = `[${id}]: version conflict, document already exists (current version [1])`;
    return failure(409, 'version_conflict_engine_exception', reason);
  }
  return undefined;
}

function failure(status: number, type: string, reason: string) {
  return { status, error: { type, reason } };
}

function isDiverted({ text }: BulkAction, faults: readonly Fault[]): boolean {
  const containing = faultOf(faults, 'divert')?.containing;
  return containing !== undefined && text.includes(containing);
}

function success({ index, id }: BulkAction, sequence: number, exists: boolean, diverted: boolean) {
  return {
    _index: index,
    _id: id,
    _version: exists ? 2 : 1,
    result: exists ? 'updated' : 'created',
    _shards: { total: 2, successful: 1, failed: 0 },
    _seq_no: sequence,
    _primary_term: 1,
    status: exists ? 200 : 201,
    ...(diverted ? { failure_store: 'used' } : {}),
  };
}

function misreported(items: Item[], faults: readonly Fault[]): Item[] {
  const how = faultOf(faults, 'wrongItems')?.how;
  if (how === 'missing') return items.slice(0, -1);
  if (how === 'extra') return [...items, ...items.slice(-1)];
  if (how === 'reversed') return items.toReversed();
  if (how === 'renamed') return items.map((item) => ({ update: Object.values(item)[0] ?? {} }));
  return items;
}
