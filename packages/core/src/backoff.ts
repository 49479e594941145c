import type { Clock } from './clock.ts';
import { asError } from './errors.ts';

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

/** Tries until it succeeds. @returns undefined when the signal aborted first; one try is made in any case */
export async function tryUntilDone<Result>(
  run: (attempt: number) => Promise<Result>,
  surroundings: {
    readonly pauses: BackoffRange;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly failed: (reason: Error) => void;
  },
): Promise<Result | undefined> {
  const { pauses, clock, signal, failed } = surroundings;
  const backoff = new Backoff(pauses, clock);
  for (let attempt = 1; attempt === 1 || !signal.aborted; attempt++) {
    try {
      return await run(attempt);
    } catch (thrown) {
      failed(asError(thrown));
      await clock.sleep(backoff.nextMs(), signal);
    }
  }
  return undefined;
}
