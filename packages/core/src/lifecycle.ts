import { type Clock, within } from './clock.ts';
import { asError } from './errors.ts';
import type { InHand } from './in-hand.ts';
import type { ConsumerState, Report } from './stream-consumer-events.ts';

/** How long `stop` waits for what is in hand unless told otherwise. */
const DEFAULT_STOP_TIMEOUT_MS = 10_000;

/** What a timer can hold: about 24 days. */
const MAX_STOP_TIMEOUT_MS = 2 ** 31 - 1;

/** Of a stop's timeout, how much is left to a sink to heed the abort signal and to close. */
const ABORT_SHARE = 0.1;

/** And then to hand back: a few commands, for which this is plenty, and a quarter of the timeout where that is less. */
const HAND_BACK_MS = 2_000;

export interface LifecyclePorts {
  readonly inHand: InHand;
  readonly clock: Clock;
  readonly report: Report;
}

/** What is done from the start to the end, each at most once. */
export interface Phases {
  /** Before anything is read. Returns early when `drainSignal` aborts. */
  prepare(): Promise<void>;
  /** Until `drainSignal` aborts and what is in hand is settled, or `abortSignal` aborts. Does not reject. */
  run(): Promise<void>;
  /** Also when nothing was prepared. */
  closeSink(): Promise<void>;
  /** Not when the consumer gave up. Does not reject. */
  leave(): Promise<void>;
  disconnect(): void;
}

/**
 * A consumer's way from its start to its end: one state, two signals, and a deadline that holds even when a phase heeds
 * neither of them.
 */
export class Lifecycle {
  readonly #ports: LifecyclePorts;
  readonly #phases: Phases;
  readonly #drain = new AbortController();
  readonly #abort = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  #state: ConsumerState = 'idle';
  #starting: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(ports: LifecyclePorts, phases: Phases) {
    this.#ports = ports;
    this.#phases = phases;
    this.#finished.promise.catch(() => undefined);
  }

  get state(): ConsumerState {
    return this.#state;
  }

  /** Take nothing new. */
  get drainSignal(): AbortSignal {
    return this.#drain.signal;
  }

  /** Give up what is in hand; it stays pending. */
  get abortSignal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves once stopped; rejects with the reason when the consumer had to give up. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Prepares, and leaves the run under way. @throws what preparing throws */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Idempotent, the first call decides; safe before, during and after `start`. Does not reject. */
  stop(timeoutMs: number = DEFAULT_STOP_TIMEOUT_MS): Promise<void> {
    if (!this.#stopping) {
      // Set before anything is reported: a listener may call stop itself.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#stopping = promise;
      void this.#stop(Math.min(timeoutMs, MAX_STOP_TIMEOUT_MS)).then(resolve);
    }
    return this.#stopping;
  }

  /** Beyond repair: everything in hand stays pending, `finished` rejects. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    this.#abort.abort(reason);
    void this.stop(1_000);
  }

  async #start(): Promise<void> {
    if (this.#state !== 'idle' || this.#drain.signal.aborted) return;
    this.#setState('running');
    try {
      await this.#phases.prepare();
    } catch (thrown) {
      this.fail(asError(thrown));
      throw thrown;
    }
    if (!this.#drain.signal.aborted) this.#running = this.#phases.run();
  }

  async #stop(timeoutMs: number): Promise<void> {
    const { inHand, clock, report } = this.#ports;
    if (this.#state === 'running') this.#setState('draining');
    this.#drain.abort();
    const ended = this.#starting?.catch(() => undefined).then(() => this.#running);
    const deadline = clock.now() + timeoutMs;
    const leavesAt = deadline - Math.min(timeoutMs / 4, HAND_BACK_MS);
    await this.#until(leavesAt - timeoutMs * ABORT_SHARE, ended);
    const { entryCount } = inHand;
    if (entryCount > 0) report('gaveUp', { entries: entryCount });
    this.#abort.abort(new Error(`the consumer did not finish what it had in hand within ${timeoutMs} ms`));
    const broken = this.#failure !== undefined;
    await this.#until(leavesAt, Promise.all([ended, this.#closeSink()]));
    if (!broken) await this.#until(deadline, this.#phases.leave());
    this.#phases.disconnect();
    this.#setState('stopped');
    if (this.#failure) this.#finished.reject(this.#failure);
    else this.#finished.resolve();
  }

  async #closeSink(): Promise<void> {
    try {
      await this.#phases.closeSink();
    } catch (thrown) {
      this.#failure ??= asError(thrown);
    }
  }

  #until(at: number, done: Promise<unknown> | undefined): Promise<void> {
    const { clock } = this.#ports;
    return within(at - clock.now(), done, clock);
  }

  #setState(to: ConsumerState): void {
    const from = this.#state;
    this.#state = to;
    this.#ports.report('stateChanged', { from, to });
  }
}
