import { EventEmitter } from 'node:events';
import pLimit, { type LimitFunction } from 'p-limit';
import { Backoff } from './backoff.ts';
import { BatchDelivery } from './batch-delivery.ts';
import { BatchSource } from './batch-source.ts';
import { BatchSpans } from './batch-spans.ts';
import type { ReadBatch } from './batching.ts';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
import { type Clock, systemClock } from './clock.ts';
import type { GroupIdentity } from './consumer-group.ts';
import { type ConsumerRedis, consumerRedis } from './consumer-redis.ts';
import { CrashIsolation } from './crash-isolation.ts';
import { Destination } from './destination.ts';
import type { Entry, EntryId } from './entry.ts';
import { asError, RedisUnavailableError } from './errors.ts';
import { checkFailpoints, failpoint } from './failpoint.ts';
import type { GroupStatus } from './group-status.ts';
import { renewLeases } from './heartbeat.ts';
import { InHand } from './in-hand.ts';
import { Masks } from './masks.ts';
import type { RedisOptions } from './redis-options.ts';
import { RedisTrouble } from './redis-trouble.ts';
import { Screen } from './screen.ts';
import type { ServerCapabilities } from './server-probe.ts';
import { Settling } from './settling.ts';
import { type Fates, type LentPorts, SideDelivery } from './side-delivery.ts';
import type { ConsumerState, Report, StreamConsumerEvents } from './stream-consumer-events.ts';
import { parseTuning, type StreamConsumerOptions, type Tuning } from './stream-consumer-options.ts';
import type { TeamContract } from './team-contract.ts';

/** How long `stop` waits for what is in hand unless told otherwise. */
const DEFAULT_STOP_TIMEOUT_MS = 10_000;

/** What a timer can hold: about 24 days. */
const MAX_STOP_TIMEOUT_MS = 2 ** 31 - 1;

/** How long a drained consumer waits for its last checkpoint, which a Redis that is away does not take. */
const LAST_CHECKPOINT_MS = 500;

/** Of a stop's timeout, how much is left to a sink to heed the abort signal and to close. */
const ABORT_SHARE = 0.1;

/** And then to hand back: a few commands, for which this is plenty, and a quarter of the timeout where that is less. */
const HAND_BACK_MS = 2_000;

/** How often it is looked whether entries that were asked for are still in hand. */
const LOOK_MS = 50;

/**
 * Delivers every entry of a stream to one sink, through a consumer group of its own: at least once, whatever fails.
 *
 * A team's consumer is a subclass that passes its options to this constructor; the sink and `decode` are all that
 * varies. Constructing does no I/O; nothing here touches signals, logs or `process.exit`.
 */
export class StreamConsumer<Payload = Entry> extends EventEmitter<StreamConsumerEvents> {
  /** What a team's package declares of it, as this consumer has it. */
  readonly contract: Pick<TeamContract, 'stream' | 'group' | 'startFrom' | 'mask' | 'deadLetterQuota'>;
  /** How it reaches Redis. */
  readonly redisOptions: RedisOptions;
  /** After how long without a sign of life others take over what it holds. */
  readonly claimIdleMs: number;
  readonly #tuning: Tuning;
  readonly #identity: GroupIdentity;
  readonly #clock: Clock;
  readonly #redis: ConsumerRedis;
  readonly #keeper: CheckpointKeeper;
  readonly #inHand: InHand;
  readonly #trouble: RedisTrouble;
  readonly #destination: Destination<Payload>;
  readonly #settling: Settling;
  readonly #source: BatchSource;
  readonly #delivery: BatchDelivery<Payload>;
  readonly #lent: LentPorts<Payload>;
  readonly #limit: LimitFunction;
  /** Take nothing new. */
  readonly #drain = new AbortController();
  /** Give up what is in hand; it stays pending. */
  readonly #abort = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  #state: ConsumerState = 'idle';
  /** What the server can do, once the group is there. */
  #server: ServerCapabilities | undefined;
  #starting: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #failure: Error | undefined;

  /** @throws OptionsError */
  constructor(options: StreamConsumerOptions<Payload>, clock: Clock = systemClock, redis?: ConsumerRedis) {
    super();
    checkFailpoints();
    this.#tuning = parseTuning(options as StreamConsumerOptions<never>);
    const { stream, consumer } = options;
    this.#identity = { stream, group: options.group, consumer };
    this.redisOptions = options.redis ?? {};
    this.claimIdleMs = this.#tuning.claim.idleMs;
    this.#clock = clock;
    this.#redis = redis ?? consumerRedis(options);
    const { group, checkpoints: stores } = this.#redis;
    const inHand = new InHand(this.#tuning.readAhead, clock);
    const trouble = new RedisTrouble({ clock, report: this.#report });
    const isolation = new CrashIsolation(group, this.#tuning.crash);
    const report = this.#report;
    const keeper = new CheckpointKeeper({ group, stores, clock, report }, this.#tuning.checkpoint);
    const decode = options.decode ?? ((entry: Entry) => entry as Payload);
    const { startFrom, mask, deadLetterQuota } = this.#tuning;
    this.contract = {
      stream: options.stream,
      group: options.group,
      startFrom,
      mask,
      ...(deadLetterQuota ? { deadLetterQuota } : {}),
    };
    const masks = mask.length > 0 ? new Masks(mask, options.maskKey) : undefined;
    const screen = new Screen(decode, options.payloadSchema, this.#tuning.entry.maxBytes, masks);
    this.#keeper = keeper;
    this.#inHand = inHand;
    this.#trouble = trouble;
    this.#destination = new Destination(options.sink, clock, report);
    this.#settling = new Settling({ group, inHand, trouble, clock, report, deadLetterQuota }, this.#abort.signal);
    this.#source = new BatchSource({ group, keeper, inHand, isolation, trouble, clock, report }, this.#tuning);
    const spans = new BatchSpans(this.#identity);
    this.#lent = { destination: this.#destination, screen, isolation, spans, clock };
    this.#delivery = new BatchDelivery({ ...this.#lent, settling: this.#settling, trouble, inHand, report });
    this.#limit = pLimit(this.#tuning.delivery.concurrency);
    this.#finished.promise.catch(() => undefined);
  }

  /** Which stream it reads, for which group, and under which name in it. */
  get identity(): GroupIdentity {
    return this.#identity;
  }

  get state(): ConsumerState {
    return this.#state;
  }

  /** Resolves once stopped; rejects when the consumer had to give up, with the reason. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Entries and bytes that were read and are not yet acknowledged. */
  get inHand(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#inHand.entryCount, bytes: this.#inHand.byteLength };
  }

  /**
   * Creates the group where needed and begins to deliver. Waits for a Redis that is not there yet.
   * @throws RedisUnsuitableError when this Redis must not be used as it is configured
   */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Drains: takes nothing new, finishes what is in hand, then closes the sink, leaves the group and closes the
   * connections. What is not finished within the timeout is given up and handed back, so that another consumer takes it
   * over at once. Idempotent, the first call decides; safe before, during and after `start`.
   */
  stop({ timeoutMs = DEFAULT_STOP_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (!this.#stopping) {
      // Set before anything is reported: a listener may call stop itself.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#stopping = promise;
      void this.#stop(Math.min(timeoutMs, MAX_STOP_TIMEOUT_MS)).then(resolve);
    }
    return this.#stopping;
  }

  /**
   * Takes over pending entries of the group, whoever has them, and delivers them by the usual path.
   * @param minIdleMs younger ones are left to whoever is at work on them
   * @returns those it took, when none of them is in hand any more; undefined when the signal aborted or it drains first
   * @throws RedisUnavailableError; what was taken by then is delivered all the same
   */
  async takeOver(
    ids: readonly EntryId[],
    minIdleMs: number,
    signal: AbortSignal,
  ): Promise<readonly EntryId[] | undefined> {
    const ending = AbortSignal.any([signal, this.#drain.signal]);
    const taken = await Promise.race([this.#source.takeOver(ids, minIdleMs), aborted(ending)]);
    while (taken && !ending.aborted) {
      const inHand = this.#inHand.entries();
      if (!taken.some((id) => inHand.has(id))) return taken;
      await this.#clock.sleep(LOOK_MS, ending);
    }
    return undefined;
  }

  /** Deliveries through this consumer's screen and sink of entries that did not come by reading. It need not be started. */
  beside(fates: Fates, report: Report): SideDelivery<Payload> {
    return new SideDelivery(this.#lent, fates, report, this.#drain.signal);
  }

  /** Where this consumer's group stands. @throws RedisUnavailableError */
  status(): Promise<GroupStatus> {
    return this.#redis.status();
  }

  /**
   * Asks the sink whether its destination could be written to, without a start and without Redis.
   * @returns false when the sink has no way to find out
   * @throws what the sink throws, with the remedy
   */
  checkSink(signal: AbortSignal): Promise<boolean> {
    return this.#destination.check(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(): Promise<void> {
    if (this.#state !== 'idle' || this.#drain.signal.aborted) return;
    this.#setState('running');
    try {
      await this.#prepare();
    } catch (thrown) {
      this.#fail(asError(thrown));
      throw thrown;
    }
    if (!this.#drain.signal.aborted) this.#running = this.#run();
  }

  /** The probe and the group: tried until Redis answers, for a consumer may be started before it. */
  async #prepare(): Promise<void> {
    const backoff = new Backoff({ minMs: 100, maxMs: 2_000 }, this.#clock);
    while (!this.#drain.signal.aborted) {
      try {
        const { server, warnings } = await this.#redis.probe();
        this.#report('serverProbed', { server, warnings });
        await this.#keeper.begin(this.#tuning.startFrom);
        this.#server = server;
        await failpoint('after-group-create');
        return this.#trouble.over('start');
      } catch (thrown) {
        if (!(thrown instanceof RedisUnavailableError)) throw thrown;
        if (!this.#drain.signal.aborted) this.#trouble.met('start', thrown);
        await this.#clock.sleep(backoff.nextMs(), this.#drain.signal);
      }
    }
  }

  async #run(): Promise<void> {
    const heartbeat = new AbortController();
    const until = AbortSignal.any([heartbeat.signal, this.#abort.signal]);
    const beating = renewLeases(
      { group: this.#redis.group, inHand: this.#inHand, trouble: this.#trouble, clock: this.#clock },
      this.#tuning.claim.renewMs,
      until,
    );
    const keeping = this.#keeper.keep(until);
    const underWay = new Set<Promise<void>>();
    try {
      for await (const batch of this.#source.batches(this.#drain.signal)) {
        if (batch.alone) await Promise.all(underWay);
        const delivery = this.#limit(() => this.#deliver(batch)).finally(() => underWay.delete(delivery));
        underWay.add(delivery);
        if (batch.alone) await delivery;
      }
      await Promise.all(underWay);
      await this.#settling.idle();
      await this.#within(LAST_CHECKPOINT_MS, this.#keeper.write());
    } catch (thrown) {
      this.#fail(asError(thrown));
    } finally {
      heartbeat.abort();
      await Promise.all([beating, this.#within(LAST_CHECKPOINT_MS, keeping)]);
    }
  }

  async #deliver(batch: ReadBatch): Promise<void> {
    try {
      await this.#delivery.deliver(batch, this.#abort.signal);
    } catch (thrown) {
      this.#fail(asError(thrown));
    }
  }

  /** Beyond repair: everything in hand stays pending, `finished` rejects. */
  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#abort.abort(reason);
    void this.stop({ timeoutMs: 1_000 });
  }

  async #stop(timeoutMs: number): Promise<void> {
    if (this.#state === 'running') this.#setState('draining');
    this.#drain.abort();
    const ended = this.#starting?.catch(() => undefined).then(() => this.#running);
    const deadline = this.#clock.now() + timeoutMs;
    const leavesAt = deadline - Math.min(timeoutMs / 4, HAND_BACK_MS);
    await this.#within(leavesAt - timeoutMs * ABORT_SHARE - this.#clock.now(), ended);
    const { entryCount } = this.#inHand;
    if (entryCount > 0) this.#report('gaveUp', { entries: entryCount });
    this.#abort.abort(new Error(`the consumer did not finish what it had in hand within ${timeoutMs} ms`));
    const broken = this.#failure !== undefined;
    await this.#within(leavesAt - this.#clock.now(), Promise.all([ended, this.#closeSink()]));
    if (!broken) await this.#within(deadline - this.#clock.now(), this.#leave());
    this.#redis.close();
    this.#setState('stopped');
    if (this.#failure) this.#finished.reject(this.#failure);
    else this.#finished.resolve();
  }

  async #closeSink(): Promise<void> {
    try {
      await this.#destination.close();
    } catch (thrown) {
      this.#failure ??= asError(thrown);
    }
  }

  /**
   * The last thing that is done, for whatever a sink confirms from here on is delivered again. What cannot be handed
   * back is taken over once its lease has run out; a name that cannot be removed is the janitor's to remove.
   */
  async #leave(): Promise<void> {
    if (!this.#server) return;
    const { group } = this.#redis;
    try {
      const { count, lost } = await group.handBack(this.#server);
      if (lost.length > 0) this.#report('lost', { count: lost.length, ids: lost });
      if (count > 0) this.#report('handedBack', { count });
      await group.leave();
    } catch {
      return;
    }
  }

  /** Waits for the promise, and no longer than that. */
  async #within(ms: number, promise: Promise<unknown> | undefined): Promise<void> {
    const done = new AbortController();
    await Promise.race([promise, this.#clock.sleep(Math.max(0, ms), done.signal)]);
    done.abort();
  }

  #setState(to: ConsumerState): void {
    const from = this.#state;
    this.#state = to;
    this.#report('stateChanged', { from, to });
  }

  /** A listener that throws ends the consumer, as any other failure that is not the destination's. */
  readonly #report: Report = (name, ...payload) => {
    try {
      (this.emit as (name: string, ...payload: unknown[]) => boolean).call(this, name, ...payload);
    } catch (thrown) {
      this.#fail(asError(thrown));
    }
  };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
