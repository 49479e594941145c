import pLimit, { type LimitFunction } from 'p-limit';
import { tryUntilDone } from './backoff.ts';
import type { Clock } from './clock.ts';
import { compareEntryIds, type EntryId } from './entry.ts';
import { DeadLetterQuotaError, GroupVanishedError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import type { DeadLetter, Group } from './group.ts';
import type { InHand, Lease } from './in-hand.ts';
import type { RedisTrouble } from './redis-trouble.ts';
import type { Report } from './stream-consumer-events.ts';

const PAUSES = { minMs: 100, maxMs: 5_000 };

/** What settling needs of its surroundings. */
export interface SettlingPorts {
  readonly group: Group;
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
  acknowledge(lease: Lease, ids: readonly EntryId[]): void {
    const { group, trouble, report } = this.#ports;
    const run = async (attempt: number) => {
      await failpoint('before-acknowledge');
      const acknowledged = await group.acknowledge(ids);
      await failpoint('after-acknowledge');
      // A repeated XACK finds what the first one did when only its reply was lost.
      if (attempt === 1 && acknowledged !== ids.length) {
        report('acknowledgedFewer', { expected: ids.length, acknowledged });
      }
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
    const run = () => this.#store(letters, maybeStored);
    this.#start(lease, tryUntilDone(run, { pauses: PAUSES, clock, signal: this.#abort, failed }));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #store(letters: readonly DeadLetter[], maybeStored: boolean): Promise<void> {
    const { report } = this.#ports;
    const left = maybeStored ? await this.#stillPending(letters) : letters;
    await failpoint('before-dead-letter');
    const acknowledged = left.length > 0 ? await this.#add(left) : 0;
    await failpoint('after-dead-letter');
    this.#release();
    if (acknowledged !== left.length) report('acknowledgedFewer', { expected: left.length, acknowledged });
    for (const { entry, verdict, reason } of letters) report('deadLettered', { id: entry.id, verdict, reason });
  }

  /**
   * The reply to an earlier try may have been lost after Redis had stored everything. Asked only then: an entry that was
   * trimmed is not pending either, and its dead letter is all that is left of it.
   */
  async #stillPending(letters: readonly DeadLetter[]): Promise<readonly DeadLetter[]> {
    const ids = letters.map((letter) => letter.entry.id).sort(compareEntryIds);
    try {
      const pending = await this.#ports.group.deliveryCounts(ids);
      return letters.filter((letter) => pending.has(letter.entry.id));
    } catch (thrown) {
      // Whoever reads creates the group again, but not while this fills what may be in hand: better twice than never.
      if (thrown instanceof GroupVanishedError) return letters;
      throw thrown;
    }
  }

  #add(letters: readonly DeadLetter[]): Promise<number> {
    const { group, deadLetterQuota } = this.#ports;
    if (deadLetterQuota === undefined) return group.setAside(letters);
    return this.#oneByOne(() => group.setAside(letters, deadLetterQuota));
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
