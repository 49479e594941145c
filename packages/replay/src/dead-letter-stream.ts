import {
  checkDeadLetterQuota,
  type DeadLetter,
  type DeadLetterEnvelope,
  type DeadLetterOrigin,
  deadLetterFields,
  type Entry,
  type EntryId,
  type EntryRange,
  groupKey,
  type RedisArgument,
  type RedisConnection,
  readDeadLetter,
  StreamHistory,
} from '@distributary/core';
import { asking, transacting } from './asking.ts';
import { auditCommand } from './audit.ts';
import { PORTION_BYTES } from './work.ts';

/** A dead letter where it lies. */
export interface FiledLetter {
  /** Its own ID in the dead-letter stream, which says when it was set aside. */
  readonly id: EntryId;
  readonly envelope: DeadLetterEnvelope;
  readonly entry: Entry;
}

interface LetterPage {
  readonly letters: readonly FiledLetter[];
  readonly last: EntryId | undefined;
}

/** Which dead letters; what is left out does not matter. */
export interface LetterSelection {
  readonly ids?: readonly EntryId[] | undefined;
  /** A text that the reason holds, in whatever case. */
  readonly reason?: string | undefined;
  readonly verdict?: string | undefined;
  /** When they were set aside: the bounds of a range of the dead-letter stream. */
  readonly range?: EntryRange;
  /** Whether to leave out those that were redriven before, and failed. */
  readonly fresh?: boolean;
}

/** Lua cannot hand more arguments than this to a command. */
const MAX_SCRIPT_ARGUMENTS = 7_000;

const DROPPED_AT_ONCE = 500;

/** Stores the dead letter anew and removes the old one, both or neither; neither when the old one is gone. */
const REPLACE = `
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2))
return redis.call('XDEL', KEYS[1], ARGV[1])
`;

/** The dead letters of one group. */
export class DeadLetterStream {
  readonly key: string;
  readonly #connection: RedisConnection;
  readonly #history: StreamHistory;
  readonly #identity: { readonly stream: string; readonly group: string; readonly consumer: string };

  constructor(
    connection: RedisConnection,
    { stream, group, consumer = 'operator' }: { stream: string; group: string; consumer?: string },
  ) {
    this.key = groupKey(stream, group, 'dead-letters');
    this.#connection = connection;
    this.#history = new StreamHistory(connection, this.key, { maxBytes: PORTION_BYTES });
    this.#identity = { stream, group, consumer };
  }

  /** Those that are selected, oldest first, page by page. @throws RedisUnavailableError */
  async *select(selection: LetterSelection = {}): AsyncGenerator<FiledLetter[], void, void> {
    for await (const page of this.#history.pages(selection.range ?? { from: '-', to: '+' })) {
      const selected = page.flatMap(filed).filter((letter) => matches(letter, selection));
      if (selected.length > 0) yield selected;
    }
  }

  /**
   * The first of a range.
   * @returns `last` is where the next page begins, undefined at the end
   * @throws RedisUnavailableError
   */
  async page(range: EntryRange, count: number): Promise<LetterPage> {
    const entries = await this.#history.page(range, count);
    return { letters: entries.flatMap(filed), last: entries.at(-1)?.id };
  }

  /** @returns how many there were */
  async remove(ids: readonly EntryId[]): Promise<number> {
    return Number(await asking(`XDEL on ${this.key}`, () => this.#connection.call('XDEL', this.key, ...ids)));
  }

  /** Removes them for good and says so in the group's audit, in one transaction each. @returns how many there were */
  async drop(ids: readonly EntryId[]): Promise<number> {
    let dropped = 0;
    for (let i = 0; i < ids.length; i += DROPPED_AT_ONCE) {
      const some = ids.slice(i, i + DROPPED_AT_ONCE);
      const details = { letters: some.length, from: some[0], to: some.at(-1) };
      const replies = await transacting(this.#connection, `dropping dead letters of ${this.key}`, [
        ['XDEL', this.key, ...some],
        auditCommand(this.#identity, 'drop', details),
      ]);
      dropped += Number(replies[0]);
    }
    return dropped;
  }

  /**
   * Stores what was found out about a dead letter that failed again, as a new one in its place.
   * @returns false when it is not there any more, or has more fields than a script can hand on; then it stays as it is
   */
  async replace(id: EntryId, letter: DeadLetter, origin: DeadLetterOrigin): Promise<boolean> {
    const fields = deadLetterFields(letter, this.#identity, origin);
    if (fields.length > MAX_SCRIPT_ARGUMENTS) return false;
    const replaced = await asking(`storing a dead letter in ${this.key} again`, () =>
      this.#connection.call('EVAL', REPLACE, 1, this.key, id, ...fields),
    );
    return Number(replaced) === 1;
  }

  /** Stores more dead letters, all or none. @throws DeadLetterQuotaError when the group has that many */
  async add(letters: readonly DeadLetter[], origin: DeadLetterOrigin, quota: number): Promise<void> {
    const stored = await asking(`XLEN on ${this.key}`, () => this.#connection.call('XLEN', this.key));
    checkDeadLetterQuota(this.#identity, Number(stored), quota);
    const commands = letters.map((letter): [string, ...RedisArgument[]] => {
      return ['XADD', this.key, '*', ...deadLetterFields(letter, this.#identity, origin)];
    });
    await transacting(this.#connection, `storing dead letters in ${this.key}`, commands);
  }
}

export function matches(
  { id, envelope }: FiledLetter,
  { ids, reason, verdict, fresh = false }: LetterSelection,
): boolean {
  if (ids && !ids.includes(id)) return false;
  if (reason !== undefined && !envelope.reason.toLowerCase().includes(reason.toLowerCase())) return false;
  if (verdict !== undefined && envelope.verdict !== verdict) return false;
  return !(fresh && envelope.redriven);
}

/** What somebody else stored there is none of them, and left alone. */
function filed(stored: Entry): FiledLetter[] {
  try {
    return [{ id: stored.id, ...readDeadLetter(stored) }];
  } catch {
    return [];
  }
}
