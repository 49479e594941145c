import { Entry, type EntryId } from '@distributary/core';

/** What becomes of an entry wherever it is delivered. */
export type EntryKind = 'plain' | 'undecodable' | 'oversize' | 'rejected' | 'poisonsSink' | 'poisonsDecode';

/** Consumers are told to take no entries with more bytes. */
export const MAX_ENTRY_BYTES = 200;

/** An entry as the simulation knows it: `event` is its name for ever, the ID only the place it has in the stream. */
export interface StreamEntry {
  readonly event: number;
  readonly kind: EntryKind;
  readonly entry: Entry;
  readonly order: number;
}

/** As many sequence numbers fit a millisecond. */
const SEQUENCES = 4_096;

export function streamEntry(event: number, kind: EntryKind, order: number): StreamEntry {
  const value = kind === 'oversize' ? `${event} ${'x'.repeat(MAX_ENTRY_BYTES)}` : `${event}`;
  const parts = [Buffer.from('event'), Buffer.from(value), Buffer.from('kind'), Buffer.from(kind)];
  return { event, kind, order, entry: new Entry(idOf(order), parts) };
}

/** The first place in the stream at that millisecond. */
export function firstOrderAt(ms: number): number {
  return Math.floor(ms) * SEQUENCES;
}

export function idOf(order: number): EntryId {
  return `${Math.floor(order / SEQUENCES)}-${order % SEQUENCES}`;
}

export function orderOf(id: EntryId): number {
  const [ms, sequence] = id.split('-');
  return Number(ms) * SEQUENCES + Number(sequence);
}
