import type { Entry, EntryId } from './entry.ts';

/**
 * Reads a team's destination back, for operators who ask whether everything has arrived: `distributary reconcile` and
 * `distributary trace`. Never part of a delivery. A team's module exports a function `audit(environment)` that makes one.
 */
export interface SinkAudit {
  /** A short word for reports, such as `elasticsearch`. */
  readonly name: string;
  /**
   * Which of these entries the destination holds, each under its own identity; called with up to 1,000 of them.
   * @throws SinkUnavailableError, SinkHoldError
   */
  held(entries: readonly Entry[], signal: AbortSignal): Promise<ReadonlySet<EntryId>>;
  /** Called once, after the last question. */
  close?(): Promise<void>;
}
