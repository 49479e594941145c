import type { Entry } from './entry.ts';
import type { Epoch, Page } from './group.ts';
import type { InHand, Lease } from './in-hand.ts';
import { ReadSize } from './read-size.ts';

/** Entries to deliver together. */
export interface ReadBatch {
  readonly lease: Lease;
  /** A suspect of crash isolation: to be delivered with nothing else in flight. */
  readonly alone: boolean;
}

export interface BatchLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Entries of which a batch is made. */
export type Entries = Pick<Page, 'entries' | 'epoch'>;

/**
 * How much is read at once and delivered together: as much as a batch may hold and as there is room in hand for. What
 * becomes a batch is in hand from then on.
 */
export class Batching {
  readonly #inHand: InHand;
  readonly #limits: BatchLimits;
  readonly #size = new ReadSize();

  constructor(inHand: InHand, limits: BatchLimits) {
    this.#inHand = inHand;
    this.#limits = limits;
  }

  /** How many entries to ask for, for a batch of their own. */
  count(): number {
    const { entries, bytes } = this.#bounds();
    return this.#size.count(entries, bytes);
  }

  /** How many entries to ask for, for a batch that holds some; 0 when it is full. */
  countBeside(some: readonly Entry[]): number {
    const bounds = this.#bounds();
    const entries = bounds.entries - some.length;
    const bytes = bounds.bytes - this.#size.learn(some);
    return entries > 0 && bytes > 0 ? this.#size.count(entries, bytes) : 0;
  }

  /** Cuts what came into batches. @param since when Redis handed the entries out, by default now */
  cut({ entries, epoch }: Entries, since?: number): ReadBatch[] {
    if (entries.length === 0) return [];
    const byteLength = this.#size.learn(entries);
    const { maxEntries, maxBytes } = this.#limits;
    if (byteLength <= maxBytes && entries.length <= maxEntries) {
      return [this.#batch({ entries, epoch }, byteLength, since)];
    }
    const batches: ReadBatch[] = [];
    let some: Entry[] = [];
    let bytes = 0;
    for (const entry of entries) {
      const more = entry.byteLength;
      if (some.length > 0 && (bytes + more > maxBytes || some.length >= maxEntries)) {
        batches.push(this.#batch({ entries: some, epoch }, bytes, since));
        some = [];
        bytes = 0;
      }
      some.push(entry);
      bytes += more;
    }
    return [...batches, this.#batch({ entries: some, epoch }, bytes, since)];
  }

  /** A batch of a suspect, which was handed out right now. */
  alone(suspect: Entry, epoch: Epoch): ReadBatch {
    return { lease: this.#inHand.take([suspect], suspect.byteLength, epoch), alone: true };
  }

  #bounds(): { readonly entries: number; readonly bytes: number } {
    const { maxEntries, maxBytes } = this.#limits;
    const room = this.#inHand.room;
    return { entries: Math.min(maxEntries, room.entries), bytes: Math.min(maxBytes, room.bytes) };
  }

  #batch({ entries, epoch }: Entries, byteLength: number, since?: number): ReadBatch {
    return { lease: this.#inHand.take(entries, byteLength, epoch, since), alone: false };
  }
}
