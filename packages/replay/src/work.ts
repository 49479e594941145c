import type { Clock, EntryId } from '@distributary/core';
import type { JobProgress } from './job.ts';
import { Pace } from './pace.ts';

/** What a portion may weigh, as far as the entries before it tell: as much as a batch of a consumer does by default. */
export const PORTION_BYTES: number = 5 * 1024 * 1024;

/** What became of a portion. */
export interface Result {
  readonly delivered: number;
  readonly failed: number;
}

/** Entries that a job has in hand at once. */
export interface Portion {
  /** Where the next portion begins. */
  readonly last: EntryId;
  readonly entries: number;
  /**
   * @param mode `alone` when one of these may have ended the process that had them
   * @returns undefined when it was given up; whatever is done by then may be done again
   */
  deliver(mode: 'together' | 'alone', signal: AbortSignal): Promise<Result | undefined>;
}

/** A job as a series of portions; each may be delivered more than once, and no later one before it is finished. */
export interface Work {
  /** Entries in a portion at the most. */
  readonly portionSize: number;
  /** @returns undefined when nothing is left after that ID */
  portion(after: EntryId | undefined, size: number): Promise<Portion | undefined>;
  close(): Promise<void>;
}

/**
 * Works portion by portion, held to the rate, and notes the progress behind each.
 * @param progress how far an earlier run came
 * @param mode of the first portion
 * @returns whether everything is done; false when the signal aborted first
 */
export async function workOff(
  work: Work,
  rate: number,
  { progress, mode }: { readonly progress: JobProgress; readonly mode: 'together' | 'alone' },
  surroundings: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly note: (progress: JobProgress) => Promise<void>;
  },
): Promise<boolean> {
  const { clock, signal, note } = surroundings;
  const pace = new Pace(rate, clock);
  const size = Math.min(work.portionSize, Math.max(1, Math.ceil(rate / 4)));
  let { after, delivered, failed } = progress;
  let how = mode;
  while (!signal.aborted) {
    const portion = await work.portion(after, size);
    if (!portion) return true;
    const result = portion.entries > 0 ? await portion.deliver(how, signal) : NOTHING;
    if (!result) return false;
    how = 'together';
    after = portion.last;
    delivered += result.delivered;
    failed += result.failed;
    await note({ after, delivered, failed });
    await pace.spend(portion.entries, signal);
  }
  return false;
}

const NOTHING: Result = { delivered: 0, failed: 0 };
