import { randomUUID } from 'node:crypto';
import { type Clock, SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { type AcknowledgementAnswer, readAcknowledgementAnswer } from './acknowledgement-answer.ts';
import type { Answer } from './answer.ts';
import type { AcknowledgementOptions } from './siem-sink-options.ts';

/** Asks the collector which of these requests of a channel it has stored. */
export type AskForAcknowledgements = (
  channel: string,
  ackIds: readonly number[],
  signal: AbortSignal,
) => Promise<Answer>;

interface Waiting {
  readonly until: number;
  readonly confirmed: () => void;
  readonly failed: (reason: Error) => void;
}

/**
 * Waits for the collector to confirm what it has stored, asking for all outstanding requests at once. A confirmation
 * that does not come is an error after a while, never a delivery.
 */
export class Acknowledgements {
  readonly #ask: AskForAcknowledgements;
  readonly #options: Required<AcknowledgementOptions>;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  readonly #waiting = new Map<number, Waiting>();
  #channel = randomUUID();
  #pauseMs = 0;
  #asking = false;
  #unusable: { readonly until: number } | undefined;

  constructor(ask: AskForAcknowledgements, options: Required<AcknowledgementOptions>, clock: Clock) {
    this.#ask = ask;
    this.#options = options;
    this.#clock = clock;
  }

  /** The channel in which the collector counts the requests of this sink. */
  get channel(): string {
    return this.#channel;
  }

  /**
   * Resolves when events may be sent. After the collector could not be asked it is asked first, so that events it
   * would not confirm are not sent over and over; but not for longer than an acknowledgement may take.
   */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#unusable === undefined || this.#clock.now() >= this.#unusable.until) return;
    const reply = readAcknowledgementAnswer(await this.#ask(this.#channel, [0], signal));
    if (reply.kind === 'unusable') throw reply.error;
    this.#unusable = undefined;
  }

  /**
   * Resolves when the collector has stored the request that it gave this ID.
   * @throws SinkUnavailableError when that is not known in time, or cannot be known any more
   */
  async confirmation(ackId: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const until = this.#clock.now() + this.#options.timeoutMs;
    const waiting: Waiting = { until, confirmed: resolve, failed: reject };
    this.#waiting.get(ackId)?.failed(forgotten('The collector gave the same acknowledgement ID to another request'));
    this.#waiting.set(ackId, waiting);
    this.#pauseMs = this.#options.pollMs;
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    if (!this.#asking) void this.#askWhileWaiting();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
      if (this.#waiting.get(ackId) === waiting) this.#waiting.delete(ackId);
    }
  }

  /**
   * Gives up everything outstanding and begins a new channel. For when an answer was lost: the request it belonged to
   * may have taken an ID that this sink believes to be another request's.
   */
  renewChannel(reason: string): void {
    this.#channel = randomUUID();
    this.#failAll(forgotten(reason));
  }

  close(): void {
    this.#closed.abort();
    this.#failAll(forgotten('The sink was closed'));
  }

  async #askWhileWaiting(): Promise<void> {
    this.#asking = true;
    while (this.#waiting.size > 0 && !this.#closed.signal.aborted) {
      await this.#clock.sleep(this.#pauseMs, this.#closed.signal);
      this.#pauseMs = Math.min(this.#pauseMs * 2, this.#options.maxPollMs);
      if (this.#waiting.size > 0) await this.#askOnce();
      this.#failOverdue();
    }
    this.#asking = false;
  }

  async #askOnce(): Promise<void> {
    const channel = this.#channel;
    try {
      const reply = readAcknowledgementAnswer(await this.#ask(channel, [...this.#waiting.keys()], this.#closed.signal));
      if (channel === this.#channel) this.#take(reply);
    } catch (thrown) {
      if (thrown instanceof SinkHoldError) this.#failAll(thrown);
    }
  }

  #take(reply: AcknowledgementAnswer): void {
    if (reply.kind === 'channelLost') this.#failAll(reply.error);
    if (reply.kind === 'unusable') {
      this.#unusable = { until: this.#clock.now() + this.#options.timeoutMs };
      this.#failAll(reply.error);
    }
    if (reply.kind !== 'stored') return;
    if (reply.ackIds.length > 0) this.#pauseMs = this.#options.pollMs;
    for (const ackId of reply.ackIds) this.#waiting.get(ackId)?.confirmed();
  }

  #failOverdue(): void {
    const now = this.#clock.now();
    for (const { until, failed } of this.#waiting.values()) {
      if (now >= until)
        failed(forgotten(`The collector did not confirm a request within ${this.#options.timeoutMs} ms`));
    }
  }

  #failAll(reason: Error): void {
    for (const { failed } of this.#waiting.values()) failed(reason);
    this.#waiting.clear();
  }
}

function forgotten(what: string): SinkUnavailableError {
  return new SinkUnavailableError(`${what}. Its events are sent again.`);
}
