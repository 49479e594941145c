import type { Entry, Fates, Report, SideDelivery, StreamConsumer } from '@distributary/core';
import type { Result } from './work.ts';

/** Makes a consumer of the team's class, in its own environment with some variables changed. */
export type CreateConsumer = (overrides: Readonly<Record<string, string>>) => Promise<StreamConsumer<unknown>>;

interface LentSinkOptions {
  /** What to do when the destination refuses everything until somebody acts. */
  readonly atHold: 'wait' | 'give up';
  /** Told why nothing moves. */
  readonly hindered: (reason: Error) => void;
}

/**
 * The team's mapping and sink for a job, of a consumer that is never started: whatever a job meets or causes at the
 * destination, the gate, the refusals and the connections of the one at work are others.
 */
export class LentSink implements AsyncDisposable {
  readonly #consumer: StreamConsumer<unknown>;
  readonly #delivery: SideDelivery;
  readonly #hindered: (reason: Error) => void;
  readonly #held = new AbortController();
  #delivered = 0;
  #failed = 0;

  constructor(consumer: StreamConsumer<unknown>, fates: Fates, { atHold, hindered }: LentSinkOptions) {
    this.#consumer = consumer;
    this.#hindered = hindered;
    this.#delivery = consumer.beside(fates, this.#report);
    consumer.on('sinkUnavailable', ({ reason }) => hindered(reason));
    consumer.on('sinkHeld', ({ reason }) => (atHold === 'wait' ? hindered(reason) : this.#held.abort(reason)));
  }

  /**
   * @returns undefined when the signal aborted before everything had its verdict
   * @throws SinkHoldError when it is given up at a hold, SinkContractError
   */
  async deliver(
    entries: readonly Entry[],
    mode: 'together' | 'alone',
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    this.#delivered = 0;
    this.#failed = 0;
    const finished = await this.#delivery.deliver(entries, mode, AbortSignal.any([signal, this.#held.signal]));
    const result = { delivered: this.#delivered, failed: this.#failed };
    // The signal may have come when every verdict was there.
    if (finished || result.delivered + result.failed === entries.length) return result;
    this.#held.signal.throwIfAborted();
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.stop({ timeoutMs: 1_000 });
  }

  readonly #report: Report = (name, ...[payload]) => {
    if (name === 'delivered') this.#delivered += (payload as { readonly count: number }).count;
    else if (name === 'deadLettered') this.#failed++;
    else if (payload && 'reason' in payload && payload.reason instanceof Error) this.#hindered(payload.reason);
  };
}
