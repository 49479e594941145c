import pLimit, { type LimitFunction } from 'p-limit';
import { tryUntilDone } from './backoff.ts';
import type { Clock } from './clock.ts';
import { compareEntryIds, type EntryId } from './entry.ts';
import { DeadLetterQuotaError, GroupVanishedError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import type { DeadLetter, Group, SameEntries } from './group.ts';
import type { InHand, Lease } from './in-hand.ts';
import type { RedisTrouble } from './redis-trouble.ts';
import type { Report } from './stream-consumer-events.ts';

const PAUSES = { minMs: 100, maxMs: 5_000 };

/** What settling asks of the group that handed the entries out, or of whoever else they came from. */
export type SettledGroup = Pick<Group, 'isCurrent' | 'verify' | 'acknowledge' | 'setAside' | 'deliveryCounts'>;

/** What settling needs of its surroundings. */
export interface SettlingPorts {
  readonly group: SettledGroup;
  readonly inHand: InHand;
  readonly trouble: RedisTrouble;
  readonly clock: Clock;
  readonly report: Report;
  /** As many dead letters the group may have; by default there is no end to them. */
  readonly deadLetterQuota?: number | undefined;
}

/**
 * What follows a verdict: acknowledging and setting aside. Runs behind the deliveries, which do not wait for it, and is
 * tried until it succeeds; until then the entries stay leased and in hand, and so bound what is read.
 */
export class Settling {
  readonly #ports: SettlingPorts;
  readonly #abort: AbortSignal;
  readonly #underWay = new Set<Promise<void>>();
  /** Counting dead letters and adding one are two commands: side by side they would all find room. */
  readonly #oneByOne: LimitFunction = pLimit(1);
  #held = false;

  constructor(ports: SettlingPorts, abort: AbortSignal) {
    this.#ports = ports;
    this.#abort = abort;
  }

  /** Entries whose sink confirmed them. */
  acknowledge(lease: Lease): void {
    const { group, trouble, report } = this.#ports;
    const expected = lease.entries.length;
    const run = async (attempt: number) => {
      await failpoint('before-acknowledge');
      const acknowledged = await this.#whileTheSame(lease, ({ ids, epoch }) => group.acknowledge(ids, epoch));
      await failpoint('after-acknowledge');
      // A repeated XACK finds what the first one did when only its reply was lost.
      if (attempt === 1 && acknowledged !== expected) report('acknowledgedFewer', { expected, acknowledged });
    };
    this.#start(lease, trouble.persist('settling', run, this.#abort));
  }

  /** Entries that will never be delivered. */
  setAside(lease: Lease, letters: readonly DeadLetter[]): void {
    const { clock, report } = this.#ports;
    const ids = letters.map((letter) => letter.entry.id);
    const told = new Set<string>();
    let maybeStored = false;
    const failed = (reason: Error) => {
      if (reason instanceof DeadLetterQuotaError) return this.#hold(reason);
      maybeStored ||= !isRefusal(reason);
      if (!told.has(reason.message)) report('deadLetterFailed', { ids, reason });
      told.add(reason.message);
    };
    const run = () => this.#store(lease, letters, maybeStored);
    this.#start(lease, tryUntilDone(run, { pauses: PAUSES, clock, signal: this.#abort, failed }));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #store(lease: Lease, letters: readonly DeadLetter[], maybeStored: boolean): Promise<void> {
    const { report } = this.#ports;
    const left = maybeStored ? await this.#stillPending(lease, letters) : letters;
    await failpoint('before-dead-letter');
    const acknowledged = left.length > 0 ? await this.#add(lease, left) : 0;
    await failpoint('after-dead-letter');
    this.#release();
    if (acknowledged !== left.length) report('acknowledgedFewer', { expected: left.length, acknowledged });
    for (const { entry, verdict, reason } of letters) report('deadLettered', { id: entry.id, verdict, reason });
  }

  #add(lease: Lease, letters: readonly DeadLetter[]): Promise<number> {
    const { group, deadLetterQuota } = this.#ports;
    const due = new Set(letters.map((letter) => letter.entry.id));
    const add = () =>
      this.#whileTheSame(lease, ({ ids, epoch }) =>
        group.setAside(letters, { ids: ids.filter((id) => due.has(id)), epoch }, deadLetterQuota),
      );
    return deadLetterQuota === undefined ? add() : this.#oneByOne(add);
  }

  /**
   * Settles those of the lease's entries whose IDs still mean them. An ID that means another entry by now is left alone:
   * that entry may not have been delivered, and this one is no longer there to be acknowledged.
   */
  async #whileTheSame(lease: Lease, settle: (same: SameEntries) => Promise<number | undefined>): Promise<number> {
    const { group } = this.#ports;
    let same: SameEntries = lease;
    for (;;) {
      if (!group.isCurrent(same.epoch)) same = this.#withoutOthers(lease, await group.verify(lease.entries));
      const settled = await settle(same);
      if (settled !== undefined) return settled;
    }
  }

  /**
   * What an ID means that is gone from the stream, the stream cannot say: where another entry in hand has it, that one was
   * read from this server.
   */
  #withoutOthers(lease: Lease, { ids, epoch }: SameEntries): SameEntries {
    const inHand = this.#ports.inHand.entries();
    const own = new Map(lease.entries.map((entry) => [entry.id, entry]));
    const isOwn = (id: EntryId) => (inHand.get(id) ?? []).every((one) => own.get(id)?.equals(one));
    return { ids: ids.filter(isOwn), epoch };
  }

  /**
   * The reply to an earlier try may have been lost after Redis had stored everything. Asked only then: an entry that was
   * trimmed is not pending either, and its dead letter is all that is left of it. So it is of one that the server has lost.
   */
  async #stillPending(lease: Lease, letters: readonly DeadLetter[]): Promise<readonly DeadLetter[]> {
    const { group } = this.#ports;
    const ids = letters.map((letter) => letter.entry.id).sort(compareEntryIds);
    try {
      const known = new Set((await group.verify(lease.entries)).ids);
      const pending = await group.deliveryCounts(ids);
      return letters.filter(({ entry: { id } }) => pending.has(id) || !known.has(id));
    } catch (thrown) {
      // Whoever reads creates the group again, but not while this fills what may be in hand: better twice than never.
      if (thrown instanceof GroupVanishedError) return letters;
      throw thrown;
    }
  }

  /** What is to be set aside meets the same quota again and again; it is told once. */
  #hold(reason: DeadLetterQuotaError): void {
    if (!this.#held) this.#ports.report('deadLettersHeld', { reason, remedy: reason.remedy });
    this.#held = true;
  }

  #release(): void {
    if (this.#held) this.#ports.report('deadLettersResumed');
    this.#held = false;
  }

  #start(lease: Lease, settling: Promise<unknown>): void {
    const task = settling.then(() => {
      this.#underWay.delete(task);
      this.#ports.inHand.release(lease);
    });
    this.#underWay.add(task);
  }
}

/** Whether Redis itself said no: then nothing was stored. */
function isRefusal({ cause }: Error): boolean {
  return cause instanceof Error && cause.name === 'ReplyError';
}
