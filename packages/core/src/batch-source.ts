import { Backoff } from './backoff.ts';
import type { CheckpointKeeper } from './checkpoint-keeper.ts';
import type { Clock } from './clock.ts';
import type { CrashIsolation } from './crash-isolation.ts';
import type { Entry, EntryId } from './entry.ts';
import { asError, GroupVanishedError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import type { Group, Page } from './group.ts';
import type { InHand, Lease } from './in-hand.ts';
import { LossWatch } from './loss-watch.ts';
import { ReadSize } from './read-size.ts';
import type { RedisTrouble } from './redis-trouble.ts';
import type { Report } from './stream-consumer-events.ts';

/** How long a read waits for the first new entry; stopping waits for the read. */
const BLOCK_MS = 500;

/** How often a batch that lingers is looked after: each look takes what has come since. */
const LINGER_STEP_MS = 50;

/** Entries to claim per command: XAUTOCLAIM examines ten times as many, which takes Redis about 5 ms. */
const CLAIM_COUNT = 500;

/** A sweep follows the last one this soon: what a consumer handed back when it left is there to be taken. */
const SWEEP_PAUSE_MS = 2_000;

/** Of the time, sweeping a long pending list may take this much. */
const SWEEP_SHARE = 0.05;

const START: EntryId = '0-0';

/** Pending entries that somebody asked for. */
interface Takeover {
  /** Those that nobody has looked at yet. */
  readonly ids: readonly EntryId[];
  readonly minIdleMs: number;
  readonly taken: readonly EntryId[];
  readonly resolve: (taken: readonly EntryId[]) => void;
  readonly reject: (reason: Error) => void;
}

/** Entries to deliver together. */
export interface ReadBatch {
  readonly lease: Lease;
  /** A suspect of crash isolation: to be delivered with nothing else in flight. */
  readonly alone: boolean;
}

type Entries = Pick<Page, 'entries' | 'epoch'>;

type InHandById = ReturnType<InHand['entries']>;

export interface BatchSourceOptions {
  readonly batch: { readonly maxEntries: number; readonly maxBytes: number; readonly lingerMs: number };
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
  readonly #isolation: CrashIsolation;
  readonly #options: BatchSourceOptions;
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #size = new ReadSize();
  readonly #backoff: Backoff;
  #generation = 0;
  /** Where the next page of own pending entries begins, undefined when all were seen on this connection. */
  #ownAfter: EntryId | undefined = START;
  #claimCursor: EntryId = START;
  #nextClaimAt = 0;
  #sweepBeganAt = 0;
  /** Claimed and new entries take turns, so that a long sweep holds up neither. */
  #claimTurn = false;
  readonly #losses: LossWatch;
  readonly #takeovers: Takeover[] = [];

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
    this.#isolation = ports.isolation;
    this.#clock = ports.clock;
    this.#report = ports.report;
    this.#losses = new LossWatch(ports);
    this.#options = options;
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
    return new Promise((resolve, reject) => {
      this.#takeovers.push({ ids, minIdleMs, taken: [], resolve, reject });
    });
  }

  async #next(drain: AbortSignal): Promise<readonly ReadBatch[]> {
    const generation = await this.#group.connect();
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#ownAfter = START;
      this.#losses.reconnected();
    }
    if (this.#ownAfter !== undefined) return this.#own(this.#ownAfter);
    const takeover = this.#takeovers.shift();
    if (takeover) return this.#takenOver(takeover);
    this.#claimTurn = !this.#claimTurn && this.#clock.now() >= this.#nextClaimAt;
    const claimed = this.#claimTurn ? await this.#claimed() : [];
    return claimed.length > 0 ? claimed : this.#new(drain);
  }

  async #own(after: EntryId): Promise<readonly ReadBatch[]> {
    const inHand = this.#inHand.entries();
    const page = await this.#group.readOwn(after, this.#count());
    if (page.entries.length > 0) await failpoint('after-own-read');
    this.#ownAfter = page.last;
    return this.#again(page, 'own', inHand);
  }

  async #claimed(): Promise<readonly ReadBatch[]> {
    const { idleMs } = this.#options.claim;
    const inHand = this.#inHand.entries();
    if (this.#claimCursor === START) this.#sweepBeganAt = this.#clock.now();
    const page = await this.#group.claimIdle(this.#claimCursor, idleMs, Math.min(CLAIM_COUNT, this.#count()));
    if (page.entries.length > 0) await failpoint('after-claim');
    this.#claimCursor = page.cursor;
    if (page.unnamedLost) this.#ownAfter = START;
    // A sweep goes on at once, between reads of new entries.
    if (page.cursor === START) this.#nextClaimAt = this.#clock.now() + this.#sweepPauseMs();
    return this.#again(page, 'claimed', inHand);
  }

  /** Half a lease at most, for what nobody handed back; with jitter, for consumers are started together. */
  #sweepPauseMs(): number {
    const tookMs = this.#clock.now() - this.#sweepBeganAt;
    const pauseMs = Math.min(this.#options.claim.idleMs / 2, Math.max(SWEEP_PAUSE_MS, tookMs / SWEEP_SHARE));
    return pauseMs * (0.75 + this.#clock.random() / 2);
  }

  async #takenOver({ ids, minIdleMs, taken, resolve, reject }: Takeover): Promise<readonly ReadBatch[]> {
    const inHand = this.#inHand.entries();
    const count = this.#count();
    const wanted = ids.slice(0, count).filter((id) => !inHand.has(id));
    const left = ids.slice(count);
    try {
      const page = wanted.length > 0 ? await this.#group.claim(wanted, minIdleMs) : undefined;
      if (page && page.entries.length > 0) await failpoint('after-claim');
      const batches = page ? await this.#again(page, 'claimed', inHand) : [];
      const all = [...taken, ...(page?.entries ?? []).map((entry) => entry.id)];
      if (left.length === 0) resolve(all);
      else this.#takeovers.unshift({ ids: left, minIdleMs, taken: all, resolve, reject });
      return batches;
    } catch (thrown) {
      reject(asError(thrown));
      throw thrown;
    }
  }

  /**
   * Entries that were handed out before: suspects become batches of their own, and those in hand are left out.
   * @param inHand as it was when the page was asked for: what has been acknowledged since may still be in the page
   */
  async #again(page: Page, origin: 'own' | 'claimed', inHand: InHandById): Promise<readonly ReadBatch[]> {
    // What is in hand is not lost: its fields were read before the stream was trimmed.
    const lost = page.lost.filter((id) => !inHand.has(id));
    if (lost.length > 0 && !(await this.#losses.clear(lost, page.epoch))) this.#ownAfter = START;
    const back = page.entries.filter((entry) => !inHand.get(entry.id)?.some((known) => known.equals(entry)));
    if (back.length === 0) return [];
    const { usual, suspects } = await this.#isolation.sort(back);
    this.#report('takenBack', { origin, count: back.length, suspects: suspects.map((entry) => entry.id) });
    const { epoch } = page;
    const alone = suspects.map((entry) => this.#batch({ entries: [entry], epoch }, entry.byteLength, true));
    return [...this.#cut({ entries: usual, epoch }), ...alone];
  }

  async #new(drain: AbortSignal): Promise<readonly ReadBatch[]> {
    await this.#losses.look();
    const count = this.#count();
    const sweeping = this.#claimCursor !== START;
    const page = await this.#group.readNew(count, sweeping ? undefined : BLOCK_MS);
    const { length } = page.entries;
    if (length > 0) await failpoint('after-read');
    const since = this.#clock.now();
    if (length === 0 || length >= count) return this.#cut(page, since);
    return this.#cut(await this.#gather(page, since, drain), since);
  }

  /** Waits for more of a batch that has some entries: until it is full or was begun `lingerMs` ago. */
  async #gather(some: Entries, since: number, drain: AbortSignal): Promise<Entries> {
    const closesAt = since + this.#options.batch.lingerMs;
    const { epoch } = some;
    let { entries } = some;
    for (;;) {
      const leftMs = closesAt - this.#clock.now();
      const count = this.#countBeside(entries);
      if (leftMs <= 0 || count === 0) return { entries, epoch };
      await this.#clock.sleep(Math.min(leftMs, LINGER_STEP_MS), drain);
      if (drain.aborted) return { entries, epoch };
      try {
        const more = await this.#group.readNew(count);
        if (more.epoch !== epoch && more.entries.length > 0) {
          // They are pending now, and are read again as what they are: maybe other entries with the IDs of these.
          this.#ownAfter = START;
          return { entries, epoch };
        }
        // A group that another consumer created anew meanwhile begins again.
        const known = new Set(entries.map((entry) => entry.id));
        const fresh = more.entries.filter((entry) => !known.has(entry.id));
        if (fresh.length < more.entries.length) this.#ownAfter = START;
        entries = [...entries, ...fresh];
      } catch {
        // The next read meets the same trouble and reports it; the reply that was lost may have held entries.
        this.#ownAfter = START;
        return { entries, epoch };
      }
    }
  }

  /** How many entries to ask for, for a batch of their own. */
  #count(): number {
    const { entries, bytes } = this.#bounds();
    return this.#size.count(entries, bytes);
  }

  /** How many entries to ask for, for a batch that holds some; 0 when it is full. */
  #countBeside(some: readonly Entry[]): number {
    const bounds = this.#bounds();
    const entries = bounds.entries - some.length;
    const bytes = bounds.bytes - this.#size.learn(some);
    return entries > 0 && bytes > 0 ? this.#size.count(entries, bytes) : 0;
  }

  #bounds(): { readonly entries: number; readonly bytes: number } {
    const { maxEntries, maxBytes } = this.#options.batch;
    const room = this.#inHand.room;
    return { entries: Math.min(maxEntries, room.entries), bytes: Math.min(maxBytes, room.bytes) };
  }

  #cut({ entries, epoch }: Entries, since?: number): ReadBatch[] {
    if (entries.length === 0) return [];
    const byteLength = this.#size.learn(entries);
    const { maxEntries, maxBytes } = this.#options.batch;
    if (byteLength <= maxBytes && entries.length <= maxEntries) {
      return [this.#batch({ entries, epoch }, byteLength, false, since)];
    }
    const batches: ReadBatch[] = [];
    let some: Entry[] = [];
    let bytes = 0;
    for (const entry of entries) {
      const more = entry.byteLength;
      if (some.length > 0 && (bytes + more > maxBytes || some.length >= maxEntries)) {
        batches.push(this.#batch({ entries: some, epoch }, bytes, false, since));
        some = [];
        bytes = 0;
      }
      some.push(entry);
      bytes += more;
    }
    return [...batches, this.#batch({ entries: some, epoch }, bytes, false, since)];
  }

  #batch({ entries, epoch }: Entries, byteLength: number, alone: boolean, since?: number): ReadBatch {
    return { lease: this.#inHand.take(entries, byteLength, epoch, since), alone };
  }

  async #recover(error: Error, drain: AbortSignal): Promise<void> {
    if (drain.aborted) return;
    this.#ownAfter = START;
    this.#trouble.met('reader', error);
    if (error instanceof GroupVanishedError) await this.#recreate(error);
    await this.#clock.sleep(this.#backoff.nextMs(), drain);
  }

  async #recreate(reason: GroupVanishedError): Promise<void> {
    this.#claimCursor = START;
    try {
      await this.#keeper.recreate(reason);
    } catch (thrown) {
      this.#trouble.met('reader', asError(thrown));
    }
  }
}
