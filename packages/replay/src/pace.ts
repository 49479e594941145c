import type { Clock } from '@distributary/core';

/** Holds a job to its rate. */
export class Pace {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #dueAt: number;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#dueAt = clock.now();
  }

  /** Resolves when so many entries more are within the rate. */
  async spend(entries: number, signal: AbortSignal): Promise<void> {
    this.#dueAt = Math.max(this.#dueAt, this.#clock.now() - 1_000) + (1_000 * entries) / this.#perSecond;
    await this.#clock.sleep(this.#dueAt - this.#clock.now(), signal);
  }
}
