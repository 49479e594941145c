import type { Clock } from './clock.ts';

/** Pauses that double from `minMs` to `maxMs`. */
export interface BackoffRange {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * The pause before the next try: full jitter over an exponentially growing ceiling, as in the AWS Architecture Blog's
 * "Exponential Backoff And Jitter", but never under a tenth of the ceiling, so that no try follows the last at once.
 */
export class Backoff {
  readonly #range: BackoffRange;
  readonly #clock: Clock;
  #tries = 0;

  constructor(range: BackoffRange, clock: Clock) {
    this.#range = range;
    this.#clock = clock;
  }

  /** @returns milliseconds; each call counts as one more failure. */
  nextMs(): number {
    const ceiling = Math.min(this.#range.maxMs, this.#range.minMs * 2 ** this.#tries);
    if (ceiling < this.#range.maxMs) this.#tries++;
    return Math.max(ceiling / 10, ceiling * this.#clock.random());
  }

  reset(): void {
    this.#tries = 0;
  }
}
