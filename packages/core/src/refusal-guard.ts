import type { JSONSchemaType } from 'ajv';
import { type Clock, systemClock } from './clock.ts';

/** When a destination refuses so many entries that the fault is not theirs. */
export interface RefusalLimit {
  /** More than this share of the entries of the window. Default 0.2; 1 turns the limit off. */
  readonly share?: number;
  /** The window holds at least so many entries. Default 200. */
  readonly minEntries?: number;
  /** In milliseconds. Default 60,000. */
  readonly windowMs?: number;
}

/** The schema of a sink's option `refusalLimit`, with its defaults. */
export const REFUSAL_LIMIT_SCHEMA: JSONSchemaType<Required<RefusalLimit>> = {
  type: 'object',
  additionalProperties: false,
  required: ['share', 'minEntries', 'windowMs'],
  properties: {
    share: { type: 'number', minimum: 0, maximum: 1, default: 0.2 },
    minEntries: { type: 'integer', minimum: 1, default: 200 },
    windowMs: { type: 'integer', minimum: 1, maximum: 2_147_483_647, default: 60_000 },
  },
};

/** While closed, so many refused entries of a batch are proof enough that nothing has changed. */
const SAMPLE = 10;

/** The window is counted in so many parts, so that its memory does not grow with the batches. */
const PARTS = 60;

interface Part {
  readonly startedAt: number;
  entries: number;
  refused: number;
}

/**
 * Tells entries that are at fault from a mapping or a destination that is: a few refusals become dead letters, too many
 * close the guard. It opens again with a batch whose refused share is within the limit.
 */
export class RefusalGuard {
  readonly #limit: Required<RefusalLimit>;
  readonly #clock: Clock;
  #parts: Part[] = [];
  #closed = false;

  constructor(limit: Required<RefusalLimit>, clock: Clock = systemClock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Whether a batch with so many refused entries is beyond the limit, whatever becomes of the rest of it. */
  exceeds(entries: number, refused: number): boolean {
    if (refused === 0 || this.#limit.share === 1) return false;
    if (this.#closed) return refused > Math.min(this.#limit.share * entries, SAMPLE);
    const since = this.#clock.now() - this.#limit.windowMs;
    let total = entries;
    let refusedInAll = refused;
    for (const part of this.#parts) {
      if (part.startedAt <= since) continue;
      total += part.entries;
      refusedInAll += part.refused;
    }
    return total >= this.#limit.minEntries && refusedInAll > this.#limit.share * total;
  }

  /** Counts a batch that is within the limit. */
  record(entries: number, refused: number): void {
    this.#closed = false;
    const part = this.#currentPart();
    part.entries += entries;
    part.refused += refused;
  }

  close(): void {
    this.#closed = true;
  }

  #currentPart(): Part {
    const now = this.#clock.now();
    const last = this.#parts.at(-1);
    if (last && now - last.startedAt < this.#limit.windowMs / PARTS) return last;
    const next: Part = { startedAt: now, entries: 0, refused: 0 };
    this.#parts = [...this.#parts.slice(-PARTS), next];
    return next;
  }
}
