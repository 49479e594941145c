import { type Entry, type EntryId, type RedisConnection, StreamHistory, systemClock } from '@distributary/core';
import { GroupLedger, type Standing } from './group-ledger.ts';

/** An entry at the moment when its standing with the group was first seen to be this one. */
export interface Sighting {
  /** ISO 8601. */
  readonly at: string;
  readonly entry: Entry;
  readonly standing: Standing;
}

export interface TapSubject {
  readonly stream: string;
  readonly group: string;
  /** Only entries one of whose fields matches, as `name=value`. */
  readonly grep?: RegExp;
  /** Where to begin; default: at the next entry that is added. */
  readonly from?: string | undefined;
  /** How many entries to follow; default: all. */
  readonly limit?: number;
}

/** How many entries are followed at once, and how many bytes of them are held. */
const MAX_FOLLOWED = 10_000;
const MAX_FOLLOWED_BYTES = 64 * 1024 * 1024;

const LOOK_EVERY_MS = 250;

interface Followed {
  readonly entry: Entry;
  seen: string;
}

/** Follows entries of a stream until a group is done with them. */
export class GroupTap {
  readonly #subject: TapSubject;
  readonly #history: StreamHistory;
  readonly #connection: RedisConnection;
  readonly #followed = new Map<EntryId, Followed>();
  #bytes = 0;
  #taken = 0;

  constructor(connection: RedisConnection, subject: TapSubject) {
    this.#connection = connection;
    this.#subject = subject;
    this.#history = new StreamHistory(connection, subject.stream);
  }

  /** A sighting per entry and standing, until the signal aborts or the limit is reached. @throws GroupVanishedError */
  async *sightings(signal: AbortSignal): AsyncGenerator<Sighting> {
    const { from, limit = Number.POSITIVE_INFINITY } = this.#subject;
    let after = from === undefined ? await this.#history.lastId() : before(from);
    const ledger = new GroupLedger(this.#connection, this.#subject, { from: after as EntryId });
    await ledger.standings([]);
    while (!signal.aborted && (this.#taken < limit || this.#followed.size > 0)) {
      const hasRoom = this.#followed.size < MAX_FOLLOWED && this.#bytes < MAX_FOLLOWED_BYTES;
      if (hasRoom && this.#taken < limit) {
        const entries = await this.#history.behind(after, LOOK_EVERY_MS);
        after = entries.at(-1)?.id ?? after;
        for (const entry of entries) this.#follow(entry, limit);
      } else {
        await systemClock.sleep(LOOK_EVERY_MS, signal);
      }
      if (this.#followed.size > 0) yield* this.#changes(await ledger.standings([...this.#followed.keys()]));
    }
  }

  #follow(entry: Entry, limit: number): void {
    if (this.#taken >= limit || !this.#matches(entry)) return;
    this.#taken++;
    this.#bytes += entry.byteLength;
    this.#followed.set(entry.id, { entry, seen: '' });
  }

  #matches(entry: Entry): boolean {
    const { grep } = this.#subject;
    return grep === undefined || [...entry.fields()].some(([name, value]) => grep.test(`${name}=${value}`));
  }

  *#changes(standings: ReadonlyMap<EntryId, Standing>): Generator<Sighting> {
    const at = new Date().toISOString();
    for (const [id, followed] of this.#followed) {
      const standing = standings.get(id);
      if (standing === undefined) continue;
      const { state } = standing;
      // The same entry with another consumer, or handed out once more, is news.
      const seen = standing.state === 'pending' ? `${state} ${standing.consumer} ${standing.deliveries}` : state;
      if (seen !== followed.seen) yield { at, entry: followed.entry, standing };
      followed.seen = seen;
      if (state !== 'acknowledged' && state !== 'deadLetter') continue;
      this.#followed.delete(id);
      this.#bytes -= followed.entry.byteLength;
    }
  }
}

/** The place before a bound, for a command that answers what lies behind. */
function before(from: string): string {
  const [ms = 0n, sequence = 0n] = from.split('-').map(BigInt);
  if (sequence > 0n) return `${ms}-${sequence - 1n}`;
  return ms > 0n ? `${ms - 1n}-${2n ** 64n - 1n}` : '0-0';
}
