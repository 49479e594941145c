import type { Batch, EntryId } from './entry.ts';

/**
 * Where a team's consumer writes.
 *
 * Results are about entries; exceptions are about the destination. Return one result per entry, in any order
 * (the batch's own order is the fast one). Throw only when the destination as a whole is unavailable
 * ({@link SinkUnavailableError}, or anything else) or refuses everything until somebody acts
 * ({@link SinkHoldError}): the same batch is then delivered again, after a pause, for as long as it takes.
 */
export interface Sink<Payload> {
  /** A short word for events and logs, such as `elasticsearch`. */
  readonly name: string;
  /** Called once before the first delivery, and again after a pause for as long as it throws. */
  open?(signal: AbortSignal): Promise<void>;
  /**
   * Called for up to `delivery.concurrency` batches at once. An entry may come again: after a crash, a lost reply or
   * a `retry`. When `signal` aborts, reject soon; the entries stay pending.
   */
  deliver(batch: Batch<Payload>, signal: AbortSignal): Promise<readonly DeliveryResult[]>;
  /**
   * Finds out whether the destination could be written to, and stores nothing there. Called by whoever looks into a
   * set-up, never by a consumer that runs.
   * @throws what `deliver` would, with the remedy
   */
  check?(signal: AbortSignal): Promise<void>;
  /** Called once, after the last delivery settled or was given up. */
  close?(): Promise<void>;
}

/** The sink's verdict on one entry. */
export type DeliveryResult = Delivered | Retry | Rejected;

/** The destination has confirmed that it holds the entry, now or from an earlier delivery. */
export interface Delivered {
  readonly id: EntryId;
  readonly status: 'delivered';
  /** The destination recognised it: it held the entry before this delivery. Only some can tell. */
  readonly duplicate?: true;
}

/** Not this time, through no fault of the entry: deliver it again after a pause. */
export interface Retry {
  readonly id: EntryId;
  readonly status: 'retry';
  readonly reason: Error;
  /** What the destination asked for (`Retry-After`), in milliseconds. */
  readonly afterMs?: number;
}

/** The destination will never take this entry: it becomes a dead letter with this reason. */
export interface Rejected {
  readonly id: EntryId;
  readonly status: 'rejected';
  readonly reason: Error;
}

export function delivered(id: EntryId): Delivered {
  return { id, status: 'delivered' };
}

/** Delivered, and the destination said that it held the entry already. */
export function deliveredBefore(id: EntryId): Delivered {
  return { id, status: 'delivered', duplicate: true };
}

export function retry(id: EntryId, reason: Error, afterMs?: number): Retry {
  return afterMs === undefined ? { id, status: 'retry', reason } : { id, status: 'retry', reason, afterMs };
}

export function rejected(id: EntryId, reason: Error): Rejected {
  return { id, status: 'rejected', reason };
}
