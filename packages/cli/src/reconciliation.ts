import {
  type Entry,
  type EntryId,
  type RedisConnection,
  type SinkAudit,
  StreamHistory,
  systemClock,
} from '@distributary/core';
import { GroupLedger } from './group-ledger.ts';
import type { StreamBound } from './stream-bound.ts';

/**
 * What became of an entry: in the destination; acknowledged, no dead letter, and not in the destination; acknowledged to a
 * destination that cannot be read back; or not acknowledged as delivered, for one of three reasons.
 */
type EntryFate = (typeof FATES)[number];

const FATES = ['stored', 'missing', 'acknowledged', 'pending', 'deadLetter', 'toCome'] as const;

/** How many entries had which fate. */
export type FateCounts = Readonly<Record<EntryFate, number>>;

/** What the stream holds of a range, against what became of it. */
export interface Reconciliation {
  readonly stream: string;
  readonly group: string;
  /** Which destination was asked; null when it cannot be read back. */
  readonly destination: string | null;
  readonly totals: FateCounts;
  /** By the minute in which Redis stored the entries: ISO 8601, its first moment. */
  readonly minutes: readonly ({ readonly minute: string } & FateCounts)[];
  readonly missing: readonly EntryId[];
}

export interface ReconcileSubject {
  readonly stream: string;
  readonly group: string;
  readonly from: StreamBound;
  readonly to: StreamBound;
  readonly audit: SinkAudit | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (entries: number, last: EntryId) => void;
}

/** What was confirmed a moment ago is found only after Elasticsearch's next refresh, by default within a second. */
const SECOND_LOOK_AFTER_MS = 2_000;

const SECOND_LOOK_PAGE = 500;
const MINUTE_MS = 60_000;

/**
 * Compares a range of the stream with what a group and its destination hold. What was trimmed is no part of the stream
 * any more. What seems to be missing is looked for a second time.
 * @throws GroupVanishedError, RedisUnavailableError, SinkUnavailableError, SinkHoldError
 */
export async function reconcile(connection: RedisConnection, subject: ReconcileSubject): Promise<Reconciliation> {
  const { stream, group, from, to, audit, signal, onProgress } = subject;
  const history = new StreamHistory(connection, stream);
  const ledger = ledgerOf(connection, subject);
  const minutes = new Map<number, Record<EntryFate, number>>();
  const missing = new Set<EntryId>();
  let entries = 0;
  await ledger.standings([]);
  for await (const page of history.pages({ from: from.place, to: to.place })) {
    for (const [id, fate] of await fatesOf(page, ledger, subject)) {
      countsAt(minutes, id)[fate]++;
      if (fate === 'missing') missing.add(id);
    }
    entries += page.length;
    onProgress(entries, page.at(-1)?.id as EntryId);
  }
  if (missing.size > 0) await systemClock.sleep(SECOND_LOOK_AFTER_MS, signal);
  for await (const [id, fate] of secondLook([...missing], history, { connection, subject })) {
    const counts = countsAt(minutes, id);
    counts.missing--;
    // An entry that was trimmed meanwhile is no part of the comparison any more.
    if (fate !== undefined) counts[fate]++;
    if (fate !== 'missing') missing.delete(id);
  }
  return {
    stream,
    group,
    destination: audit?.name ?? null,
    totals: [...minutes.values()].reduce(sum, { ...NONE }),
    minutes: [...minutes].map(([minute, counts]) => ({ minute: new Date(minute).toISOString(), ...counts })),
    missing: [...missing],
  };
}

/** What the group says comes first: what it had acknowledged by then, the destination held before it is asked. */
async function fatesOf(
  page: readonly Entry[],
  ledger: GroupLedger,
  { audit, signal }: ReconcileSubject,
): Promise<(readonly [EntryId, EntryFate])[]> {
  signal.throwIfAborted();
  const standings = await ledger.standings(page.map(({ id }) => id));
  const acknowledged = page.filter(({ id }) => standings.get(id)?.state === 'acknowledged');
  const held = acknowledged.length > 0 ? await audit?.held(acknowledged, signal) : undefined;
  return page.map(({ id }) => {
    const state = standings.get(id)?.state;
    if (state !== 'acknowledged' && state !== undefined) return [id, state] as const;
    if (audit === undefined) return [id, 'acknowledged'] as const;
    return [id, held?.has(id) ? 'stored' : 'missing'] as const;
  });
}

async function* secondLook(
  ids: readonly EntryId[],
  history: StreamHistory,
  { connection, subject }: { readonly connection: RedisConnection; readonly subject: ReconcileSubject },
): AsyncGenerator<readonly [EntryId, EntryFate | undefined]> {
  // Anew, for a dead letter may have been redriven meanwhile.
  const ledger = ledgerOf(connection, subject);
  for (let at = 0; at < ids.length; at += SECOND_LOOK_PAGE) {
    const some = ids.slice(at, at + SECOND_LOOK_PAGE);
    const entries = (await Promise.all(some.map((id) => history.entry(id)))).filter((entry) => entry !== undefined);
    const fates = new Map(entries.length > 0 ? await fatesOf(entries, ledger, subject) : []);
    for (const id of some) yield [id, fates.get(id)];
  }
}

function ledgerOf(connection: RedisConnection, { stream, group, from, to }: ReconcileSubject): GroupLedger {
  const [first, last] = [from, to].map(({ place }) => place.replace('(', '') as EntryId);
  return new GroupLedger(connection, { stream, group }, { from: first as EntryId, to: last as EntryId });
}

const NONE: FateCounts = { stored: 0, missing: 0, acknowledged: 0, pending: 0, deadLetter: 0, toCome: 0 };

function countsAt(minutes: Map<number, Record<EntryFate, number>>, id: EntryId): Record<EntryFate, number> {
  const minute = Math.floor(Number.parseInt(id, 10) / MINUTE_MS) * MINUTE_MS;
  const counts = minutes.get(minute) ?? { ...NONE };
  minutes.set(minute, counts);
  return counts;
}

function sum(total: Record<EntryFate, number>, counts: FateCounts): Record<EntryFate, number> {
  for (const fate of FATES) total[fate] += counts[fate];
  return total;
}
