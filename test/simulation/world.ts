import type { Entry } from '@distributary/core';
import type { Checkpoint } from './core-ports.ts';
import type { Faults } from './faults.ts';
import type { Oracle } from './oracle.ts';
import type { Random } from './random.ts';
import type { RedisModel } from './redis-model.ts';
import type { Scenario } from './scenario.ts';
import type { StreamEntry } from './stream-entry.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What every part of a simulated run has in common. */
export interface World {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly redis: RedisModel;
  readonly oracle: Oracle;
  readonly entries: KnownEntries;
  /** Each group's checkpoint outside of Redis. */
  readonly files: Map<string, Checkpoint>;
}

/** Every entry that was ever added, by what the consumer sees of it. */
export class KnownEntries {
  readonly #byEntry = new Map<Entry, StreamEntry>();

  get all(): Iterable<StreamEntry> {
    return this.#byEntry.values();
  }

  get count(): number {
    return this.#byEntry.size;
  }

  add(entry: StreamEntry): void {
    this.#byEntry.set(entry.entry, entry);
  }

  of(entry: Entry): StreamEntry {
    return this.#byEntry.get(entry) as StreamEntry;
  }
}
