import type { Entry, EntryId } from './entry.ts';
import { failpoint } from './failpoint.ts';
import type { Group } from './group.ts';

/** Entries that came back, apart from those that may be why. */
export interface Sorted {
  readonly usual: readonly Entry[];
  /** Handed out so often without being settled that each is to be delivered alone, with nothing else in flight. */
  readonly suspects: readonly Entry[];
}

/** Runs a step of a delivery, with something before and after it. */
export type Guard = <Result>(run: () => Promise<Result>) => Promise<Result>;

/**
 * Finds the entries that may have ended the processes that held them.
 *
 * The delivery count only makes a suspect, for restarts, claims and outages raise it too. The verdict is a durable note
 * made before each delivery alone and taken back after it: a note still there says that the process ended in between.
 */
export class CrashIsolation {
  readonly #group: Group;
  readonly #options: { readonly suspectAfter: number; readonly maxAlone: number };
  /** Notes that could not be taken back when their step was over. */
  readonly #standing = new Set<EntryId>();

  constructor(group: Group, options: { readonly suspectAfter: number; readonly maxAlone: number }) {
    this.#group = group;
    this.#options = options;
  }

  /** @param entries pending entries of this consumer in the stream's order, just read again or claimed */
  async sort(entries: readonly Entry[]): Promise<Sorted> {
    const counts = await this.#group.deliveryCounts(entries.map((entry) => entry.id));
    const usual: Entry[] = [];
    const suspects: Entry[] = [];
    for (const entry of entries) {
      ((counts.get(entry.id) ?? 0) > this.#options.suspectAfter ? suspects : usual).push(entry);
    }
    return { usual, suspects };
  }

  /** How many processes have ended while they delivered the entry alone. */
  ended(id: EntryId): Promise<number> {
    return this.#group.timesAlone(id);
  }

  /** Whether that many are too many to deliver the entry once more. */
  convicts(ended: number): boolean {
    return ended >= this.#options.maxAlone;
  }

  /**
   * Runs each step of a delivery alone under a durable note of its own: a step that went well says nothing of the next,
   * so it takes back its own note and leaves those of the processes that have ended. While Redis is away the step runs
   * without one: then at worst one more process ends before the entry is found out. A note that cannot be taken back is
   * left to `acquit`. A step that is given up with the signal loses its note at once, for the process that gives it up
   * is alive.
   */
  guard(id: EntryId, ended: number, signal: AbortSignal): Guard {
    const takeBack = () => this.#takeBack(id, ended);
    return async (run) => {
      await this.#group.noteAlone(id, ended + 1).catch(ignore);
      signal.addEventListener('abort', takeBack, { once: true });
      if (signal.aborted) await takeBack();
      try {
        await failpoint('after-note');
        return await run();
      } finally {
        signal.removeEventListener('abort', takeBack);
        await takeBack();
      }
    };
  }

  /** The entry has its verdict and ended nobody: what is noted of it is void. */
  async acquit(id: EntryId, ended: number): Promise<void> {
    if (ended === 0 && !this.#standing.has(id)) return;
    await this.#group.noteAlone(id, 0);
    this.#standing.delete(id);
  }

  async #takeBack(id: EntryId, ended: number): Promise<void> {
    try {
      await this.#group.noteAlone(id, ended);
      this.#standing.delete(id);
    } catch {
      this.#standing.add(id);
    }
  }
}

function ignore(): void {}
