import { Backoff } from './backoff.ts';
import { Batching, type BatchLimits, type Entries, type ReadBatch } from './batching.ts';
import type { CheckpointKeeper } from './checkpoint-keeper.ts';
import type { Clock } from './clock.ts';
import type { CrashIsolation } from './crash-isolation.ts';
import type { EntryId } from './entry.ts';
import { asError, GroupVanishedError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import type { Group } from './group.ts';
import type { InHand } from './in-hand.ts';
import { LossWatch } from './loss-watch.ts';
import { PendingSource } from './pending-source.ts';
import type { RedisTrouble } from './redis-trouble.ts';
import type { Report } from './stream-consumer-events.ts';

/** How long a read waits for the first new entry; stopping waits for the read. */
const BLOCK_MS = 500;

/** How often a batch that lingers is looked after: each look takes what has come since. */
const LINGER_STEP_MS = 50;

export interface BatchSourceOptions {
  readonly batch: BatchLimits & { readonly lingerMs: number };
  readonly claim: { readonly idleMs: number };
}

/**
 * Where batches come from: this consumer's own pending entries after every (re)connect, then entries that other
 * consumers left idle, then new ones. Reads ahead as long as there is room in hand, and never gives up: an error is
 * reported, waited out, and followed by another look at the own pending entries, for a reply may have been lost.
 */
export class BatchSource {
  readonly #group: Group;
  readonly #keeper: CheckpointKeeper;
  readonly #trouble: RedisTrouble;
  readonly #inHand: InHand;
  readonly #clock: Clock;
  readonly #lingerMs: number;
  readonly #batching: Batching;
  readonly #losses: LossWatch;
  readonly #pending: PendingSource;
  readonly #backoff: Backoff;
  #generation = 0;

  constructor(
    ports: {
      group: Group;
      keeper: CheckpointKeeper;
      inHand: InHand;
      isolation: CrashIsolation;
      trouble: RedisTrouble;
      clock: Clock;
      report: Report;
    },
    options: BatchSourceOptions,
  ) {
    this.#group = ports.group;
    this.#keeper = ports.keeper;
    this.#trouble = ports.trouble;
    this.#inHand = ports.inHand;
    this.#clock = ports.clock;
    this.#lingerMs = options.batch.lingerMs;
    this.#batching = new Batching(ports.inHand, options.batch);
    this.#losses = new LossWatch(ports);
    const shared = { batching: this.#batching, losses: this.#losses };
    this.#pending = new PendingSource({ ...ports, ...shared }, options.claim.idleMs);
    this.#backoff = new Backoff({ minMs: 100, maxMs: 2_000 }, ports.clock);
  }

  /** Yields batches until `drain` aborts; what was read by then is yielded still. */
  async *batches(drain: AbortSignal): AsyncGenerator<ReadBatch, void, void> {
    while (!drain.aborted) {
      await this.#inHand.untilRoom(drain);
      if (drain.aborted) return;
      let read: readonly ReadBatch[] = [];
      try {
        read = await this.#next(drain);
        this.#trouble.over('reader');
        this.#backoff.reset();
      } catch (thrown) {
        await this.#recover(asError(thrown), drain);
      }
      yield* read;
    }
  }

  /**
   * Takes over pending entries at the next turns of reading, as there is room in hand and with no other read under way.
   * @returns those it took; the others are in hand, or another consumer's, or gone
   * @throws Error when Redis did not answer; what it did take comes again as this consumer's own
   */
  takeOver(ids: readonly EntryId[], minIdleMs: number): Promise<readonly EntryId[]> {
    return this.#pending.takeOver(ids, minIdleMs);
  }

  async #next(drain: AbortSignal): Promise<readonly ReadBatch[]> {
    const generation = await this.#group.connect();
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#pending.readOwnAgain();
      this.#losses.reconnected();
    }
    return (await this.#pending.next()) ?? this.#new(drain);
  }

  async #new(drain: AbortSignal): Promise<readonly ReadBatch[]> {
    await this.#losses.look();
    const count = this.#batching.count();
    const page = await this.#group.readNew(count, this.#pending.isSweeping ? undefined : BLOCK_MS);
    const { length } = page.entries;
    if (length > 0) await failpoint('after-read');
    const since = this.#clock.now();
    if (length === 0 || length >= count) return this.#batching.cut(page, since);
    return this.#batching.cut(await this.#gather(page, since, drain), since);
  }

  /** Waits for more of a batch that has some entries: until it is full or was begun `lingerMs` ago. */
  async #gather(some: Entries, since: number, drain: AbortSignal): Promise<Entries> {
    const closesAt = since + this.#lingerMs;
    const { epoch } = some;
    let { entries } = some;
    for (;;) {
      const leftMs = closesAt - this.#clock.now();
      const count = this.#batching.countBeside(entries);
      if (leftMs <= 0 || count === 0) return { entries, epoch };
      await this.#clock.sleep(Math.min(leftMs, LINGER_STEP_MS), drain);
      if (drain.aborted) return { entries, epoch };
      try {
        const more = await this.#group.readNew(count);
        if (more.epoch !== epoch && more.entries.length > 0) {
          // They are pending now, and are read again as what they are: maybe other entries with the IDs of these.
          this.#pending.readOwnAgain();
          return { entries, epoch };
        }
        // A group that another consumer created anew meanwhile begins again.
        const known = new Set(entries.map((entry) => entry.id));
        const fresh = more.entries.filter((entry) => !known.has(entry.id));
        if (fresh.length < more.entries.length) this.#pending.readOwnAgain();
        entries = [...entries, ...fresh];
      } catch {
        // The next read meets the same trouble and reports it; the reply that was lost may have held entries.
        this.#pending.readOwnAgain();
        return { entries, epoch };
      }
    }
  }

  async #recover(error: Error, drain: AbortSignal): Promise<void> {
    if (drain.aborted) return;
    this.#pending.readOwnAgain();
    this.#trouble.met('reader', error);
    if (error instanceof GroupVanishedError) await this.#recreate(error);
    await this.#clock.sleep(this.#backoff.nextMs(), drain);
  }

  async #recreate(reason: GroupVanishedError): Promise<void> {
    this.#pending.sweepAnew();
    try {
      await this.#keeper.recreate(reason);
    } catch (thrown) {
      this.#trouble.met('reader', asError(thrown));
    }
  }
}
