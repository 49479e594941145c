import type { EntryId, RedisConnection, StreamConsumer } from '@distributary/core';
import type { ReplayRequest } from './job.ts';
import { pendingOf } from './pending.ts';
import type { Portion, Work } from './work.ts';

/**
 * Pending entries again, now: taken over by the consumer itself and delivered by its usual path, with the usual verdicts
 * and acknowledgement.
 */
export class Replay implements Work {
  readonly portionSize = 500;
  readonly #request: ReplayRequest;
  readonly #connection: RedisConnection;
  readonly #consumer: StreamConsumer<unknown>;
  readonly #deadLettered = new Set<EntryId>();

  constructor(request: ReplayRequest, connection: RedisConnection, consumer: StreamConsumer<unknown>) {
    this.#request = request;
    this.#connection = connection;
    this.#consumer = consumer;
    consumer.on('deadLettered', this.#note);
  }

  async portion(after: EntryId | undefined, size: number): Promise<Portion | undefined> {
    const { idleMs, consumer } = this.#request;
    const page = await pendingOf(this.#connection, this.#consumer.identity, {
      after,
      count: size,
      ...(consumer === undefined ? {} : { consumer }),
    });
    const last = page.at(-1);
    if (!last) return undefined;
    const ids = page.filter((entry) => entry.idleMs >= idleMs).map(({ id }) => id);
    return {
      last: last.id,
      entries: ids.length,
      deliver: async (_mode, signal) => {
        const taken = await this.#consumer.takeOver(ids, idleMs, signal);
        if (!taken) return undefined;
        const failed = taken.filter((id) => this.#deadLettered.has(id)).length;
        this.#deadLettered.clear();
        return { delivered: taken.length - failed, failed };
      },
    };
  }

  async close(): Promise<void> {
    this.#consumer.off('deadLettered', this.#note);
  }

  readonly #note = ({ id }: { readonly id: EntryId }): void => {
    this.#deadLettered.add(id);
  };
}
