import { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { compareEntryIds, type EntryId } from './entry.ts';
import { asError } from './errors.ts';
import type { DeadLetter, Group } from './group.ts';
import type { InHand, Lease } from './in-hand.ts';
import type { Report } from './stream-consumer-events.ts';

const PAUSES = { minMs: 100, maxMs: 5_000 };

/**
 * What follows a verdict: acknowledging and setting aside. Runs behind the deliveries, which do not wait for it, and is
 * tried until it succeeds; until then the entries stay leased and in hand, and so bound what is read.
 */
export class Settling {
  readonly #group: Group;
  readonly #inHand: InHand;
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #abort: AbortSignal;
  readonly #underWay = new Set<Promise<void>>();

  constructor(ports: { group: Group; inHand: InHand; clock: Clock; report: Report }, abort: AbortSignal) {
    this.#group = ports.group;
    this.#inHand = ports.inHand;
    this.#clock = ports.clock;
    this.#report = ports.report;
    this.#abort = abort;
  }

  /** Entries whose sink confirmed them. */
  acknowledge(lease: Lease, ids: readonly EntryId[]): void {
    this.#start(lease, async (attempt) => {
      const acknowledged = await this.#group.acknowledge(ids);
      // A repeated XACK finds what the first one did when only its reply was lost.
      if (attempt === 1 && acknowledged !== ids.length) {
        this.#report('acknowledgedFewer', { expected: ids.length, acknowledged });
      }
    });
  }

  /** Entries that will never be delivered. */
  setAside(lease: Lease, letters: readonly DeadLetter[]): void {
    this.#start(lease, async (attempt) => {
      try {
        const left = attempt === 1 ? letters : await this.#stillPending(letters);
        if (left.length > 0) await this.#group.setAside(left);
      } catch (thrown) {
        const ids = letters.map((letter) => letter.entry.id);
        this.#report('deadLetterFailed', { ids, reason: asError(thrown) });
        throw thrown;
      }
      for (const { entry, verdict, reason } of letters) this.#report('deadLettered', { id: entry.id, verdict, reason });
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** The reply to an earlier try may have been lost after Redis had stored everything. */
  async #stillPending(letters: readonly DeadLetter[]): Promise<readonly DeadLetter[]> {
    const ids = letters.map((letter) => letter.entry.id).sort(compareEntryIds);
    const pending = await this.#group.deliveryCounts(ids);
    return letters.filter((letter) => pending.has(letter.entry.id));
  }

  #start(lease: Lease, run: (attempt: number) => Promise<void>): void {
    const task = this.#untilDone(run).finally(() => {
      this.#underWay.delete(task);
      this.#inHand.release(lease);
    });
    this.#underWay.add(task);
  }

  async #untilDone(run: (attempt: number) => Promise<void>): Promise<void> {
    const backoff = new Backoff(PAUSES, this.#clock);
    for (let attempt = 1; !this.#abort.aborted; attempt++) {
      try {
        return await run(attempt);
      } catch {
        await this.#clock.sleep(backoff.nextMs(), this.#abort);
      }
    }
  }
}
