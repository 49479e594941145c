import { type StreamConsumer, systemClock } from '@distributary/core';
import type { ConsumerTroubles, Trouble } from './consumer-troubles.ts';
import type { RecentStatus } from './recent-status.ts';

/** An answer to a probe. */
export interface Health {
  readonly healthy: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What says that the consumer gets somewhere. */
const MOVEMENTS = [
  'settled',
  'deadLettered',
  'takenBack',
  'lost',
  'groupRecreated',
  'sinkRecovered',
  'redisRecovered',
] as const;

/** Whether a consumer should be started again, and whether it could deliver what comes. */
export class ConsumerHealth {
  readonly #consumer: StreamConsumer<unknown>;
  readonly #troubles: ConsumerTroubles;
  readonly #status: RecentStatus;
  readonly #stuckAfterMs: number;
  #connected = false;
  #movedAt = systemClock.now();
  /** When a probe first saw work waiting; undefined while none is. */
  #waitingSince: number | undefined;

  constructor(
    consumer: StreamConsumer<unknown>,
    surroundings: { readonly troubles: ConsumerTroubles; readonly status: RecentStatus; readonly stuckAfterMs: number },
  ) {
    this.#consumer = consumer;
    this.#troubles = surroundings.troubles;
    this.#status = surroundings.status;
    this.#stuckAfterMs = surroundings.stuckAfterMs;
    consumer.once('serverProbed', () => {
      this.#connected = true;
    });
    for (const name of MOVEMENTS) {
      consumer.on(name, () => {
        this.#movedAt = systemClock.now();
      });
    }
  }

  /**
   * Unhealthy when a restart might help: work has been waiting for as long as was given, nothing moved, and neither the
   * sink nor Redis is known to be why. An outage and a hold are not cured by a restart, so that a consumer lives
   * through them; so does one that drains.
   */
  async live(): Promise<Health> {
    if (this.#consumer.state !== 'running' || this.#troubles.all.length > 0 || !(await this.#isWaiting())) {
      this.#waitingSince = undefined;
      return { healthy: true, body: { live: true } };
    }
    const now = systemClock.now();
    this.#waitingSince ??= now;
    const stillMs = now - Math.max(this.#waitingSince, this.#movedAt);
    if (stillMs < this.#stuckAfterMs) return { healthy: true, body: { live: true } };
    const seconds = Math.round(stillMs / 1_000);
    const reason = `Entries have been waiting for ${seconds} s, nothing moved, and neither the sink nor Redis said why.`;
    return { healthy: false, body: { live: false, reason, inHand: this.#consumer.inHand } };
  }

  /** Healthy while it runs, and neither Redis nor the sink is known to take nothing; a sink is known by its deliveries. */
  ready(): Health {
    const { state } = this.#consumer;
    const reasons: (Trouble | { part: 'consumer'; state: string; reason: string })[] = [...this.#troubles.all];
    if (state !== 'running') reasons.push({ part: 'consumer', state, reason: `The consumer is ${state}.` });
    else if (!this.#connected && reasons.length === 0) {
      reasons.push({ part: 'consumer', state: 'starting', reason: 'It has not reached Redis yet.' });
    }
    return { healthy: reasons.length === 0, body: { ready: reasons.length === 0, reasons } };
  }

  /** While Redis does not answer, nobody knows, and a restart would not help. */
  async #isWaiting(): Promise<boolean> {
    if (this.#consumer.inHand.entries > 0) return true;
    const status = await this.#status.get().catch(() => undefined);
    return status !== undefined && (status.lagEntries ?? status.lagMs) > 0;
  }
}
