import type { Clock } from '@distributary/core';
import type { RefusalLimit } from './siem-sink-options.ts';

/** While closed, so many refused events of a batch are proof enough that nothing has changed. */
const SAMPLE = 10;

/** The window is counted in so many parts, so that its memory does not grow with the batches. */
const PARTS = 60;

interface Part {
  readonly startedAt: number;
  events: number;
  refused: number;
}

/**
 * Tells events that are at fault from a mapping or a collector that is: a few refusals become dead letters, too many
 * close the guard. It opens again with a batch whose refused share is within the limit.
 */
export class RefusalGuard {
  readonly #limit: Required<RefusalLimit>;
  readonly #clock: Clock;
  #parts: Part[] = [];
  #closed = false;

  constructor(limit: Required<RefusalLimit>, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Whether a batch with so many refused events is beyond the limit, whatever becomes of the rest of it. */
  exceeds(events: number, refused: number): boolean {
    if (refused === 0 || this.#limit.share === 1) return false;
    if (this.#closed) return refused > Math.min(this.#limit.share * events, SAMPLE);
    const since = this.#clock.now() - this.#limit.windowMs;
    let total = events;
    let refusedInAll = refused;
    for (const part of this.#parts) {
      if (part.startedAt <= since) continue;
      total += part.events;
      refusedInAll += part.refused;
    }
    return total >= this.#limit.minEvents && refusedInAll > this.#limit.share * total;
  }

  /** Counts a batch that is within the limit. */
  record(events: number, refused: number): void {
    this.#closed = false;
    const part = this.#currentPart();
    part.events += events;
    part.refused += refused;
  }

  close(): void {
    this.#closed = true;
  }

  #currentPart(): Part {
    const now = this.#clock.now();
    const last = this.#parts.at(-1);
    if (last && now - last.startedAt < this.#limit.windowMs / PARTS) return last;
    const next: Part = { startedAt: now, events: 0, refused: 0 };
    this.#parts = [...this.#parts.slice(-PARTS), next];
    return next;
  }
}
