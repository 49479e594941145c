import type { Batch, DecodedEntry, EntryId } from './entry.ts';
import { SinkContractError } from './errors.ts';
import type { DeliveryResult, Rejected, Retry } from './sink.ts';

/** The fate of each entry of a batch; every entry is in exactly one of the three lists. */
export interface Settlement<Payload> {
  readonly delivered: readonly EntryId[];
  /** How many of these the destination held before. */
  readonly duplicates: number;
  readonly retried: readonly Verdict<Payload, Retry>[];
  readonly rejected: readonly Verdict<Payload, Rejected>[];
}

/** An entry of the batch beside what the sink said of it. */
export interface Verdict<Payload, Result extends DeliveryResult> {
  readonly item: DecodedEntry<Payload>;
  readonly result: Result;
}

/**
 * Gives each entry of the batch its fate. Pure.
 *
 * Results in the batch's own order are checked by comparing positions; any other order by ID.
 * @throws SinkContractError when an entry has no result or two, or a result belongs to no entry of the batch.
 */
export function settle<Payload>(batch: Batch<Payload>, results: readonly DeliveryResult[]): Settlement<Payload> {
  const ordered = answersInOrder(batch, results) ? results : inBatchOrder(batch, results);
  const settled: EntryId[] = [];
  const retried: Verdict<Payload, Retry>[] = [];
  const rejected: Verdict<Payload, Rejected>[] = [];
  let duplicates = 0;
  for (let i = 0; i < ordered.length; i++) {
    const result = ordered[i] as DeliveryResult;
    const item = batch[i] as DecodedEntry<Payload>;
    if (result.status === 'delivered') {
      settled.push(result.id);
      if (result.duplicate) duplicates++;
    } else if (result.status === 'retry') retried.push({ item, result });
    else if (result.status === 'rejected') rejected.push({ item, result });
    else throw unknownStatus(result);
  }
  return { delivered: settled, duplicates, retried, rejected };
}

function answersInOrder(batch: Batch<unknown>, results: readonly DeliveryResult[]): boolean {
  if (!Array.isArray(results) || results.length !== batch.length) return false;
  for (let i = 0; i < batch.length; i++) {
    if (results[i]?.id !== batch[i]?.id) return false;
  }
  return true;
}

function inBatchOrder(batch: Batch<unknown>, results: readonly DeliveryResult[]): readonly DeliveryResult[] {
  if (!Array.isArray(results)) {
    throw new SinkContractError(`The sink returned ${typeof results} instead of a list of results. ${REMEDY}`);
  }
  const expected = new Set<EntryId>(batch.map((item) => item.id));
  const byId = new Map<EntryId, DeliveryResult>();
  const doubled: string[] = [];
  const unknown: string[] = [];
  for (const result of results) {
    const id = result?.id;
    if (!expected.has(id)) unknown.push(String(id));
    else if (byId.has(id)) doubled.push(id);
    else byId.set(id, result);
  }
  const missing = batch.filter((item) => !byId.has(item.id)).map((item) => item.id);
  const faults = [
    listed('no result for', missing),
    listed('two results for', doubled),
    listed('a result for unknown', unknown),
  ];
  const said = faults.filter((fault) => fault !== undefined);
  if (said.length > 0) {
    throw new SinkContractError(`Of ${batch.length} entries the sink gave ${said.join('; ')}. ${REMEDY}`);
  }
  return batch.map((item) => byId.get(item.id) as DeliveryResult);
}

const REMEDY = 'Nothing of this batch is acknowledged; mend the sink so that it returns exactly one result per entry.';

function unknownStatus(result: never): SinkContractError {
  const { id, status } = result as { id: string; status: unknown };
  return new SinkContractError(`The sink gave entry ${id} the status ${JSON.stringify(status)}. ${REMEDY}`);
}

function listed(label: string, ids: readonly string[]): string | undefined {
  if (ids.length === 0) return undefined;
  const shown = ids.slice(0, 5).join(', ');
  return `${label} ${ids.length === 1 ? 'entry' : `${ids.length} entries`} ${shown}${ids.length > 5 ? ', …' : ''}`;
}
