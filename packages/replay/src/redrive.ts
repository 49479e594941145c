import type { DeadLetter, EntryId, Fates } from '@distributary/core';
import { type DeadLetterStream, type FiledLetter, matches } from './dead-letter-stream.ts';
import type { RedriveRequest } from './job.ts';
import type { LentSink } from './lent-sink.ts';
import type { Portion, Work } from './work.ts';

/**
 * Dead letters through the team's sink again. One is removed once the sink has confirmed it, and not before; one that
 * fails again is stored anew with what it failed of, behind the last that this job is about, so that it is not met again.
 */
export class Redrive implements Work {
  /**
   * Each portion gets a sink of its own, and stays below the number from which sinks suspect their mapping or their
   * destination when many are refused: here that says nothing, for these were refused before.
   */
  readonly portionSize = 100;
  readonly #request: RedriveRequest;
  readonly #letters: DeadLetterStream;
  readonly #lend: (fates: Fates) => Promise<LentSink>;

  constructor(request: RedriveRequest, letters: DeadLetterStream, lend: (fates: Fates) => Promise<LentSink>) {
    this.#request = request;
    this.#letters = letters;
    this.#lend = lend;
  }

  async portion(after: EntryId | undefined, size: number): Promise<Portion | undefined> {
    const { from, until, ids, reason, verdict, again } = this.#request;
    const range = { from: after === undefined ? from : `(${after}`, to: until };
    const page = await this.#letters.page(range, size);
    if (page.last === undefined) return undefined;
    const selection = { ids, reason, verdict, fresh: !again };
    const selected = page.letters.filter((letter) => matches(letter, selection));
    const letters = together(selected);
    return {
      last: letters.length < selected.length ? (letters.at(-1) as FiledLetter).id : page.last,
      entries: letters.length,
      deliver: async (mode, signal) => {
        await using sink = await this.#lend(new RedriveFates(letters, this.#letters));
        const entries = letters.map(({ entry }) => entry);
        return await sink.deliver(entries, isCrashed(letters[0]) ? 'alone' : mode, signal);
      },
    };
  }

  async close(): Promise<void> {}
}

/** The first of them that can be delivered in one batch: no entry twice, and by itself one that ended its processes. */
function together(letters: readonly FiledLetter[]): readonly FiledLetter[] {
  if (isCrashed(letters[0])) return letters.slice(0, 1);
  const ids = new Set<EntryId>();
  const end = letters.findIndex((letter) => {
    if (ids.has(letter.entry.id) || isCrashed(letter)) return true;
    ids.add(letter.entry.id);
    return false;
  });
  return end === -1 ? letters : letters.slice(0, end);
}

function isCrashed(letter: FiledLetter | undefined): boolean {
  return letter?.envelope.verdict === 'crashed';
}

/** Writes what became of redriven entries down where they came from. */
class RedriveFates implements Fates {
  readonly #letters: DeadLetterStream;
  readonly #byEntry: ReadonlyMap<EntryId, FiledLetter>;

  constructor(letters: readonly FiledLetter[], stream: DeadLetterStream) {
    this.#letters = stream;
    this.#byEntry = new Map(letters.map((letter) => [letter.entry.id, letter]));
  }

  async acknowledge(ids: readonly EntryId[]): Promise<number> {
    await this.#letters.remove(ids.map((id) => this.#letterOf(id).id));
    // Whoever removed one meanwhile has delivered it, or dropped it.
    return ids.length;
  }

  /** A letter that is gone is not replaced, so that trying again does no harm. */
  async setAside(letters: readonly DeadLetter[]): Promise<number> {
    for (const letter of letters) {
      const { id, envelope } = this.#letterOf(letter.entry.id);
      const { redriven = 0, backfill } = envelope;
      const origin = { redriven: redriven + 1, ...(backfill === undefined ? {} : { backfill }) };
      await this.#letters.replace(id, letter, origin);
    }
    return letters.length;
  }

  #letterOf(id: EntryId): FiledLetter {
    return this.#byEntry.get(id) as FiledLetter;
  }
}
