import type { Batching, ReadBatch } from './batching.ts';
import type { Clock } from './clock.ts';
import type { CrashIsolation } from './crash-isolation.ts';
import type { EntryId } from './entry.ts';
import { asError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import type { Group, Page } from './group.ts';
import type { InHand } from './in-hand.ts';
import type { LossWatch } from './loss-watch.ts';
import type { Report } from './stream-consumer-events.ts';

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

type InHandById = ReturnType<InHand['entries']>;

export interface PendingSourcePorts {
  readonly group: Group;
  readonly inHand: InHand;
  readonly batching: Batching;
  readonly isolation: CrashIsolation;
  readonly losses: LossWatch;
  readonly clock: Clock;
  readonly report: Report;
}

/**
 * Where batches of pending entries come from: this consumer's own ones, then those that somebody asked for, then in
 * sweeps those that other consumers left idle. Suspects of crash isolation become batches of their own.
 */
export class PendingSource {
  readonly #ports: PendingSourcePorts;
  readonly #idleMs: number;
  /** Where the next page of own pending entries begins, undefined when all were seen. */
  #ownAfter: EntryId | undefined;
  #claimCursor: EntryId = START;
  #nextClaimAt = 0;
  #sweepBeganAt = 0;
  /** Claimed and new entries take turns, so that a long sweep holds up neither. */
  #claimTurn = false;
  readonly #takeovers: Takeover[] = [];

  /** @param idleMs for how long others' entries have to be idle before a sweep takes them over */
  constructor(ports: PendingSourcePorts, idleMs: number) {
    this.#ports = ports;
    this.#idleMs = idleMs;
  }

  /** Whether a sweep has begun and not ended. */
  get isSweeping(): boolean {
    return this.#claimCursor !== START;
  }

  /** All own pending entries are read again next, for a reply may have been lost, or never been asked for. */
  readOwnAgain(): void {
    this.#ownAfter = START;
  }

  /** The group is another one: a sweep begins at its beginning. */
  sweepAnew(): void {
    this.#claimCursor = START;
  }

  /** @returns undefined when it is the turn of new entries */
  async next(): Promise<readonly ReadBatch[] | undefined> {
    if (this.#ownAfter !== undefined) return this.#own(this.#ownAfter);
    const takeover = this.#takeovers.shift();
    if (takeover) return this.#takenOver(takeover);
    this.#claimTurn = !this.#claimTurn && this.#ports.clock.now() >= this.#nextClaimAt;
    const claimed = this.#claimTurn ? await this.#claimed() : [];
    return claimed.length > 0 ? claimed : undefined;
  }

  /** Takes them over at the next turns, as `BatchSource` promises it. */
  takeOver(ids: readonly EntryId[], minIdleMs: number): Promise<readonly EntryId[]> {
    return new Promise((resolve, reject) => {
      this.#takeovers.push({ ids, minIdleMs, taken: [], resolve, reject });
    });
  }

  async #own(after: EntryId): Promise<readonly ReadBatch[]> {
    const { group, inHand, batching } = this.#ports;
    const known = inHand.entries();
    const page = await group.readOwn(after, batching.count());
    if (page.entries.length > 0) await failpoint('after-own-read');
    this.#ownAfter = page.last;
    return this.#again(page, 'own', known);
  }

  async #claimed(): Promise<readonly ReadBatch[]> {
    const { group, inHand, batching, clock } = this.#ports;
    const known = inHand.entries();
    if (this.#claimCursor === START) this.#sweepBeganAt = clock.now();
    const page = await group.claimIdle(this.#claimCursor, this.#idleMs, Math.min(CLAIM_COUNT, batching.count()));
    if (page.entries.length > 0) await failpoint('after-claim');
    this.#claimCursor = page.cursor;
    if (page.unnamedLost) this.#ownAfter = START;
    // A sweep goes on at once, between reads of new entries.
    if (page.cursor === START) this.#nextClaimAt = clock.now() + this.#sweepPauseMs();
    return this.#again(page, 'claimed', known);
  }

  /** Half a lease at most, for what nobody handed back; with jitter, for consumers are started together. */
  #sweepPauseMs(): number {
    const { clock } = this.#ports;
    const tookMs = clock.now() - this.#sweepBeganAt;
    const pauseMs = Math.min(this.#idleMs / 2, Math.max(SWEEP_PAUSE_MS, tookMs / SWEEP_SHARE));
    return pauseMs * (0.75 + clock.random() / 2);
  }

  async #takenOver({ ids, minIdleMs, taken, resolve, reject }: Takeover): Promise<readonly ReadBatch[]> {
    const { group, inHand, batching } = this.#ports;
    const known = inHand.entries();
    const count = batching.count();
    const wanted = ids.slice(0, count).filter((id) => !known.has(id));
    const left = ids.slice(count);
    try {
      const page = wanted.length > 0 ? await group.claim(wanted, minIdleMs) : undefined;
      if (page && page.entries.length > 0) await failpoint('after-claim');
      const batches = page ? await this.#again(page, 'claimed', known) : [];
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
   * @param known in hand when the page was asked for: what has been acknowledged since may still be in the page
   */
  async #again(page: Page, origin: 'own' | 'claimed', known: InHandById): Promise<readonly ReadBatch[]> {
    const { batching, isolation, losses, report } = this.#ports;
    const { epoch } = page;
    // What is in hand is not lost: its fields were read before the stream was trimmed.
    const lost = page.lost.filter((id) => !known.has(id));
    if (lost.length > 0 && !(await losses.clear(lost, epoch))) this.#ownAfter = START;
    const back = page.entries.filter((entry) => !known.get(entry.id)?.some((one) => one.equals(entry)));
    if (back.length === 0) return [];
    const { usual, suspects } = await isolation.sort(back);
    report('takenBack', { origin, count: back.length, suspects: suspects.map((entry) => entry.id) });
    const alone = suspects.map((entry) => batching.alone(entry, epoch));
    return [...batching.cut({ entries: usual, epoch }), ...alone];
  }
}
