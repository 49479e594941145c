import type { EntryId } from '@distributary/core';
import type { Process } from './process.ts';

/** A prompt Redis has taken a note back within this, in milliseconds. */
const NOTE_STANDS_MS = 10;

/** What one group's notes of deliveries alone really say: how many processes ended over each entry. */
export class AloneNotes {
  readonly #by = new Map<EntryId, Process>();
  readonly #ended = new Map<EntryId, number>();

  /** How many processes ended, or lost the entry to another one, while they delivered it alone. */
  ended(id: EntryId): number {
    return this.#ended.get(id) ?? 0;
  }

  standsFor(id: EntryId, process: Process): boolean {
    return this.#by.get(id) === process;
  }

  /** @param holds whether the entry is pending for that process, which is alive */
  raised(id: EntryId, process: Process, holds: boolean): void {
    if (holds) this.#by.set(id, process);
    else this.#count(id);
  }

  takenBack(id: EntryId): void {
    this.#by.delete(id);
  }

  /** From a process that was out of touch for so long that nobody can tell it from one that has ended. */
  takenOver(id: EntryId): void {
    if (this.#by.delete(id)) this.#count(id);
  }

  /** @param prompt whether nothing delayed the taking back: then a note stands hardly longer than its step */
  killed(process: Process, now: number, prompt: boolean): void {
    for (const [id, by] of this.#by) {
      if (by !== process) continue;
      this.#by.delete(id);
      if (!prompt || process.delivering || now - process.steppedAt <= NOTE_STANDS_MS) this.#count(id);
    }
  }

  #count(id: EntryId): void {
    this.#ended.set(id, this.ended(id) + 1);
  }
}
