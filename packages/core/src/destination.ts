import { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Guard } from './crash-isolation.ts';
import type { Batch } from './entry.ts';
import { asError, SinkHoldError, SinkUnavailableError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import type { DeliveryResult, Sink } from './sink.ts';
import type { Report } from './stream-consumer-events.ts';

/** Pauses between probes of an unavailable destination: short, so that its recovery is noticed at once. */
const PROBE_PAUSES = { minMs: 100, maxMs: 2_000 };

/** A destination that says "not before" is believed up to this long. */
const MAX_REQUESTED_PAUSE_MS = 60_000;

/** What is known of a destination that takes nothing. */
interface Outage {
  readonly since: number;
  readonly backoff: Backoff;
  probes: number;
  told: string;
  notBefore: number;
}

/** What a sink said that returned nothing: it answers for no entry, which is not to be taken for an outage. */
const NO_RESULTS: readonly DeliveryResult[] = [];

/** Delivers once; undefined when the destination did not take the batch. */
type Attempt = () => Promise<readonly DeliveryResult[] | undefined>;

/**
 * A sink behind a gate. While the destination takes entries the gate is open; once a delivery throws, one batch at a
 * time probes it and the others wait, so that an outage costs neither requests nor CPU.
 */
export class Destination<Payload> {
  readonly #sink: Sink<Payload>;
  readonly #clock: Clock;
  readonly #report: Report;
  #opened: Promise<void> | undefined;
  #outage: Outage | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(sink: Sink<Payload>, clock: Clock, report: Report) {
    this.#sink = sink;
    this.#clock = clock;
    this.#report = report;
  }

  /**
   * Delivers the batch, waiting out every outage. Each try runs inside the guard.
   * @returns undefined when the signal aborted first: then nothing is known about the batch
   */
  async deliver(
    batch: Batch<Payload>,
    guard: Guard,
    signal: AbortSignal,
  ): Promise<readonly DeliveryResult[] | undefined> {
    const attempt = () => guard(() => this.#try(batch, signal));
    while (!signal.aborted) {
      const outage = this.#outage;
      const results = outage ? await this.#inTurn(() => this.#probe(outage, attempt, signal)) : await attempt();
      if (results) return results;
    }
    return undefined;
  }

  /** @returns false when the sink cannot tell */
  async check(signal: AbortSignal): Promise<boolean> {
    if (!this.#sink.check) return false;
    await this.#sink.check(signal);
    return true;
  }

  async close(): Promise<void> {
    await this.#sink.close?.();
  }

  async #try(batch: Batch<Payload>, signal: AbortSignal): Promise<readonly DeliveryResult[] | undefined> {
    try {
      this.#opened ??= this.#sink.open?.(signal) ?? Promise.resolve();
      await this.#opened.catch((thrown: unknown) => {
        this.#opened = undefined;
        throw thrown;
      });
      await failpoint('before-deliver');
      const results: readonly DeliveryResult[] | undefined = await this.#sink.deliver(batch, signal);
      await failpoint('after-deliver');
      this.#recovered();
      return results ?? NO_RESULTS;
    } catch (thrown) {
      if (!signal.aborted) this.#failed(asError(thrown));
      return undefined;
    }
  }

  async #probe(outage: Outage, attempt: Attempt, signal: AbortSignal): Promise<readonly DeliveryResult[] | undefined> {
    if (this.#outage !== outage) return undefined;
    const pause = Math.max(outage.backoff.nextMs(), outage.notBefore - this.#clock.now());
    await this.#clock.sleep(pause, signal);
    if (signal.aborted) return undefined;
    outage.probes++;
    return attempt();
  }

  /** Runs after everything that asked for its turn earlier. */
  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(run);
    this.#turn = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  #failed(reason: Error): void {
    const now = this.#clock.now();
    this.#outage ??= { since: now, backoff: new Backoff(PROBE_PAUSES, this.#clock), probes: 0, told: '', notBefore: 0 };
    if (reason instanceof SinkUnavailableError && reason.retryAfterMs !== undefined && reason.retryAfterMs > 0) {
      this.#outage.notBefore = now + Math.min(reason.retryAfterMs, MAX_REQUESTED_PAUSE_MS);
    }
    const held = reason instanceof SinkHoldError;
    const telling = held ? `held ${reason.message}` : 'unavailable';
    if (telling === this.#outage.told) return;
    this.#outage.told = telling;
    if (held) this.#report('sinkHeld', { reason, remedy: reason.remedy });
    else this.#report('sinkUnavailable', { reason });
  }

  #recovered(): void {
    const outage = this.#outage;
    if (!outage) return;
    this.#outage = undefined;
    this.#report('sinkRecovered', { afterMs: this.#clock.now() - outage.since, probes: outage.probes });
  }
}
