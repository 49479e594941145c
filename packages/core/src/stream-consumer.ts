import { EventEmitter } from 'node:events';
import pLimit, { type LimitFunction } from 'p-limit';
import { BatchDelivery } from './batch-delivery.ts';
import { BatchSource } from './batch-source.ts';
import { BatchSpans } from './batch-spans.ts';
import type { ReadBatch } from './batching.ts';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
import { type Clock, systemClock, within } from './clock.ts';
import type { GroupIdentity } from './consumer-group.ts';
import { type ConsumerRedis, consumerRedis } from './consumer-redis.ts';
import { CrashIsolation } from './crash-isolation.ts';
import { Destination } from './destination.ts';
import type { Entry, EntryId } from './entry.ts';
import { asError } from './errors.ts';
import { checkFailpoints } from './failpoint.ts';
import type { GroupStatus } from './group-status.ts';
import { renewLeases } from './heartbeat.ts';
import { InHand } from './in-hand.ts';
import { Lifecycle } from './lifecycle.ts';
import { Masks } from './masks.ts';
import { Membership } from './membership.ts';
import type { RedisOptions } from './redis-options.ts';
import { RedisTrouble } from './redis-trouble.ts';
import { Screen } from './screen.ts';
import { Settling } from './settling.ts';
import { type Fates, type LentPorts, SideDelivery } from './side-delivery.ts';
import type { ConsumerState, Report, StreamConsumerEvents } from './stream-consumer-events.ts';
import { parseTuning, type StreamConsumerOptions, type Tuning } from './stream-consumer-options.ts';
import type { TeamContract } from './team-contract.ts';

/** How long a drained consumer waits for its last checkpoint, which a Redis that is away does not take. */
const LAST_CHECKPOINT_MS = 500;

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
  readonly #lifecycle: Lifecycle;
  readonly #destination: Destination<Payload>;
  readonly #settling: Settling;
  readonly #source: BatchSource;
  readonly #delivery: BatchDelivery<Payload>;
  readonly #lent: LentPorts<Payload>;
  readonly #limit: LimitFunction;

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
    const membership = new Membership({ redis: this.#redis, keeper, trouble, clock, report });
    this.#lifecycle = new Lifecycle(
      { inHand, clock, report },
      {
        prepare: () => membership.join(startFrom, this.#lifecycle.drainSignal),
        run: () => this.#run(),
        closeSink: () => this.#destination.close(),
        leave: () => membership.leave(),
        disconnect: () => this.#redis.close(),
      },
    );
    this.#destination = new Destination(options.sink, clock, report);
    this.#settling = new Settling(
      { group, inHand, trouble, clock, report, deadLetterQuota },
      this.#lifecycle.abortSignal,
    );
    this.#source = new BatchSource({ group, keeper, inHand, isolation, trouble, clock, report }, this.#tuning);
    const spans = new BatchSpans(this.#identity);
    this.#lent = { destination: this.#destination, screen, isolation, spans, clock };
    this.#delivery = new BatchDelivery({ ...this.#lent, settling: this.#settling, trouble, inHand, report });
    this.#limit = pLimit(this.#tuning.delivery.concurrency);
  }

  /** Which stream it reads, for which group, and under which name in it. */
  get identity(): GroupIdentity {
    return this.#identity;
  }

  get state(): ConsumerState {
    return this.#lifecycle.state;
  }

  /** Resolves once stopped; rejects when the consumer had to give up, with the reason. */
  get finished(): Promise<void> {
    return this.#lifecycle.finished;
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
    return this.#lifecycle.start();
  }

  /**
   * Drains: takes nothing new, finishes what is in hand, then closes the sink, leaves the group and closes the
   * connections. What is not finished within the timeout is given up and handed back, so that another consumer takes it
   * over at once. Idempotent, the first call decides; safe before, during and after `start`.
   */
  stop({ timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<void> {
    return this.#lifecycle.stop(timeoutMs);
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
    const ending = AbortSignal.any([signal, this.#lifecycle.drainSignal]);
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
    return new SideDelivery(this.#lent, fates, report, this.#lifecycle.drainSignal);
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

  async #run(): Promise<void> {
    const heartbeat = new AbortController();
    const until = AbortSignal.any([heartbeat.signal, this.#lifecycle.abortSignal]);
    const beating = renewLeases(
      { group: this.#redis.group, inHand: this.#inHand, trouble: this.#trouble, clock: this.#clock },
      this.#tuning.claim.renewMs,
      until,
    );
    const keeping = this.#keeper.keep(until);
    const underWay = new Set<Promise<void>>();
    try {
      for await (const batch of this.#source.batches(this.#lifecycle.drainSignal)) {
        // Whoever delivers an entry that is larger than a batch may hold several times its size.
        const isExclusive = batch.alone || batch.lease.byteLength > this.#tuning.batch.maxBytes;
        if (isExclusive) await Promise.all(underWay);
        const delivery = this.#limit(() => this.#deliver(batch)).finally(() => underWay.delete(delivery));
        underWay.add(delivery);
        if (isExclusive) await delivery;
      }
      await Promise.all(underWay);
      await this.#settling.idle();
      await within(LAST_CHECKPOINT_MS, this.#keeper.write(), this.#clock);
    } catch (thrown) {
      this.#lifecycle.fail(asError(thrown));
    } finally {
      heartbeat.abort();
      await Promise.all([beating, within(LAST_CHECKPOINT_MS, keeping, this.#clock)]);
    }
  }

  async #deliver(batch: ReadBatch): Promise<void> {
    try {
      await this.#delivery.deliver(batch, this.#lifecycle.abortSignal);
    } catch (thrown) {
      this.#lifecycle.fail(asError(thrown));
    }
  }

  /** A listener that throws ends the consumer, as any other failure that is not the destination's. */
  readonly #report: Report = (name, ...payload) => {
    try {
      (this.emit as (name: string, ...payload: unknown[]) => boolean).call(this, name, ...payload);
    } catch (thrown) {
      this.#lifecycle.fail(asError(thrown));
    }
  };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
