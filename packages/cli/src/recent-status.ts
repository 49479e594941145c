import { type GroupStatus, type StreamConsumer, systemClock } from '@distributary/core';

/** For how long an answer serves: several scrapers and probes cost Redis no more than one. */
const FRESH_MS = 1_000;

/** Where a consumer's group stands, asked for when somebody wants to know and never more than once a second. */
export class RecentStatus {
  readonly #consumer: StreamConsumer<unknown>;
  #asked: Promise<GroupStatus> | undefined;
  #askedAt = 0;

  constructor(consumer: StreamConsumer<unknown>) {
    this.#consumer = consumer;
  }

  /** @throws RedisUnavailableError */
  get(): Promise<GroupStatus> {
    const now = systemClock.now();
    if (this.#asked === undefined || now - this.#askedAt >= FRESH_MS) {
      this.#askedAt = now;
      this.#asked = this.#consumer.status();
    }
    return this.#asked;
  }
}
