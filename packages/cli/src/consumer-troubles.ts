import type { StreamConsumer } from '@distributary/core';

/** What keeps a consumer from delivering through no fault of its own: restarting it cures none of these. */
export interface Trouble {
  readonly part: 'sink' | 'redis' | 'deadLetters';
  /** `held` needs somebody to act; `unavailable` passes or does not. */
  readonly state: 'unavailable' | 'held';
  readonly reason: string;
  /** Of a hold: what to do. */
  readonly remedy?: string;
  /** ISO 8601. */
  readonly since: string;
}

/** The troubles that a consumer has told of and that are not over. */
export class ConsumerTroubles {
  #sink: Trouble | undefined;
  #redis: Trouble | undefined;
  #deadLetters: Trouble | undefined;
  #changed: () => void = () => undefined;

  constructor(consumer: StreamConsumer<unknown>) {
    consumer.on('sinkUnavailable', ({ reason }) => this.#setSink({ state: 'unavailable', reason: reason.message }));
    consumer.on('sinkHeld', ({ reason, remedy }) => this.#setSink({ state: 'held', reason: reason.message, remedy }));
    consumer.on('sinkRecovered', () => this.#setSink(undefined));
    consumer.on('redisUnavailable', ({ reason }) => {
      this.#redis = { part: 'redis', state: 'unavailable', reason: reason.message, since: since(this.#redis) };
    });
    consumer.on('redisRecovered', () => {
      this.#redis = undefined;
    });
    consumer.on('deadLetterFailed', ({ reason }) =>
      this.#setDeadLetters({ state: 'unavailable', reason: reason.message }),
    );
    consumer.on('deadLettersHeld', ({ reason, remedy }) =>
      this.#setDeadLetters({ state: 'held', reason: reason.message, remedy }),
    );
    consumer.on('deadLettersResumed', () => this.#setDeadLetters(undefined));
    consumer.on('deadLettered', () => this.#setDeadLetters(undefined));
  }

  get sink(): Trouble | undefined {
    return this.#sink;
  }

  /** Whether somebody has to act before everything goes on. */
  get held(): boolean {
    return this.all.some(({ state }) => state === 'held');
  }

  get all(): readonly Trouble[] {
    return [this.#redis, this.#deadLetters, this.#sink].filter((trouble) => trouble !== undefined);
  }

  /** @param changed called whenever the sink's trouble begins, is another, or ends */
  onSinkChange(changed: () => void): void {
    this.#changed = changed;
  }

  #setSink(trouble: Pick<Trouble, 'state' | 'reason' | 'remedy'> | undefined): void {
    this.#sink = trouble && { part: 'sink', ...trouble, since: since(this.#sink) };
    this.#changed();
  }

  #setDeadLetters(trouble: Pick<Trouble, 'state' | 'reason' | 'remedy'> | undefined): void {
    this.#deadLetters = trouble && { part: 'deadLetters', ...trouble, since: since(this.#deadLetters) };
  }
}

function since(known: Trouble | undefined): string {
  return known?.since ?? new Date().toISOString();
}
