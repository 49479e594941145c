import type { Entry } from './entry.ts';

/** What an entry is taken to weigh before the first has been seen, in bytes. */
const FIRST_ESTIMATE = 1024 * 1024;

/**
 * How many entries to ask for. COUNT bounds entries and not bytes (COUNT 1000 over 10 MB entries would return
 * gigabytes), so the size of entries is estimated from those seen: up at once, down by half per read.
 */
export class ReadSize {
  #estimate = FIRST_ESTIMATE;

  /** The largest COUNT that stays within both bounds, and at least 1. */
  count(maxEntries: number, maxBytes: number): number {
    return Math.max(1, Math.min(maxEntries, Math.floor(maxBytes / this.#estimate)));
  }

  /** Learns from a reply. @returns the bytes of its entries together */
  learn(entries: readonly Entry[]): number {
    let total = 0;
    for (const entry of entries) total += entry.byteLength;
    if (entries.length > 0) this.#estimate = Math.max(1, total / entries.length, this.#estimate / 2);
    return total;
  }
}
