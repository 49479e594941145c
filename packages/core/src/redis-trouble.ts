import { tryUntilDone } from './backoff.ts';
import type { Clock } from './clock.ts';
import { GroupVanishedError } from './errors.ts';
import type { Report } from './stream-consumer-events.ts';

const PAUSES = { minMs: 100, maxMs: 5_000 };

/** The part of a consumer that cannot go on without Redis. */
export type RedisUser = 'start' | 'reader' | 'settling' | 'leases' | 'isolation';

/**
 * What is wrong between one consumer and its Redis. Several parts meet the same outage; it is reported once, and so is
 * each further answer that asks for something else to be done. It is over when every part has succeeded again.
 */
export class RedisTrouble {
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #met = new Set<RedisUser>();
  readonly #told = new Set<string>();
  #since = 0;

  constructor(ports: { readonly clock: Clock; readonly report: Report }) {
    this.#clock = ports.clock;
    this.#report = ports.report;
  }

  met(user: RedisUser, reason: Error): void {
    // The reader creates the group again, and reports that.
    if (reason instanceof GroupVanishedError) return;
    if (this.#met.size === 0) this.#since = this.#clock.now();
    this.#met.add(user);
    const topic = topicOf(reason);
    if (this.#told.has(topic)) return;
    this.#told.add(topic);
    this.#report('redisUnavailable', { reason });
  }

  over(user: RedisUser): void {
    if (!this.#met.delete(user) || this.#met.size > 0) return;
    this.#told.clear();
    this.#report('redisRecovered', { afterMs: this.#clock.now() - this.#since });
  }

  /** Tries until it succeeds. @returns undefined when the signal aborted first; one try is made in any case */
  async persist<Result>(
    user: RedisUser,
    run: (attempt: number) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const failed = (reason: Error) => {
      if (!signal.aborted) this.met(user, reason);
    };
    const succeeded = async (attempt: number) => {
      const result = await run(attempt);
      this.over(user);
      return result;
    };
    return tryUntilDone(succeeded, { pauses: PAUSES, clock: this.#clock, signal, failed });
  }
}

/** Every way in which no answer came is one topic; each answer of Redis is one of its own. */
function topicOf({ cause }: Error): string {
  return cause instanceof Error && cause.name === 'ReplyError' ? cause.message : '';
}
