import { Entry, type EntryId } from './entry.ts';
import { ReadSize } from './read-size.ts';
import type { RedisArgument, RedisConnection } from './redis-connection.ts';
import { explainReply } from './redis-reply.ts';

/** A range of a stream as XRANGE takes it: IDs, `-`, `+`, or `(` and an ID for what comes after or before it. */
export interface EntryRange {
  readonly from: string;
  readonly to: string;
}

interface PageBounds {
  /** Default 1,000. */
  readonly maxEntries?: number;
  /** What the entries of a page may weigh together, as far as those before them tell; default 16 MiB. */
  readonly maxBytes?: number;
}

type StoredEntry = readonly [id: Buffer, parts: Buffer[]];

/** A stream as it lies there, read without any group: nothing is handed out, nothing acknowledged. */
export class StreamHistory {
  readonly #connection: RedisConnection;
  readonly #stream: string;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #size = new ReadSize();

  /** @param bounds of each page */
  constructor(
    connection: RedisConnection,
    stream: string,
    { maxEntries = 1_000, maxBytes = 16 * 1024 * 1024 }: PageBounds = {},
  ) {
    this.#connection = connection;
    this.#stream = stream;
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** All entries of a range in order, page by page, none of them empty. @throws RedisUnavailableError */
  async *pages({ from, to }: EntryRange): AsyncGenerator<Entry[], void, void> {
    for (let next = from; ; ) {
      const count = this.#count(this.#maxEntries);
      const page = await this.#range({ from: next, to }, count);
      if (page.length > 0) yield page;
      if (page.length < count) return;
      next = `(${page.at(-1)?.id}`;
    }
  }

  /** The first entries of a range; none when it is empty. @throws RedisUnavailableError */
  page(range: EntryRange, maxEntries: number): Promise<Entry[]> {
    return this.#range(range, this.#count(maxEntries));
  }

  /** @throws RedisUnavailableError */
  async entry(id: EntryId): Promise<Entry | undefined> {
    const [entry] = await this.page({ from: id, to: id }, 1);
    return entry;
  }

  /** Entries behind that one, a page at the most; waits up to `blockMs` for the first. @throws RedisUnavailableError */
  async behind(id: string, blockMs: number): Promise<Entry[]> {
    const args = ['COUNT', this.#count(this.#maxEntries), 'BLOCK', blockMs, 'STREAMS', this.#stream, id];
    const reply = await this.#asking('XREAD', () => this.#connection.callBlocking(blockMs, 'XREAD', args));
    return this.#learn((reply as [stream: Buffer, entries: StoredEntry[]][] | null)?.[0]?.[1] ?? []);
  }

  /** The ID of the newest entry; `0-0` where there is none. @throws RedisUnavailableError */
  async lastId(): Promise<EntryId> {
    const [newest] = (await this.#ask('XREVRANGE', '+', '-', 'COUNT', 1)) as StoredEntry[];
    return newest ? idOf(newest) : '0-0';
  }

  async #range({ from, to }: EntryRange, count: number): Promise<Entry[]> {
    return this.#learn((await this.#ask('XRANGE', from, to, 'COUNT', count)) as StoredEntry[]);
  }

  #count(maxEntries: number): number {
    return this.#size.count(maxEntries, this.#maxBytes);
  }

  #learn(stored: readonly StoredEntry[]): Entry[] {
    const entries = stored.map((one) => new Entry(idOf(one), one[1]));
    this.#size.learn(entries);
    return entries;
  }

  #ask(command: string, ...args: RedisArgument[]): Promise<unknown> {
    return this.#asking(command, () => this.#connection.call(command, this.#stream, ...args));
  }

  async #asking(command: string, ask: () => Promise<unknown>): Promise<unknown> {
    try {
      return await ask();
    } catch (thrown) {
      throw explainReply(thrown, `${command} on ${this.#stream}`);
    }
  }
}

function idOf([id]: StoredEntry): EntryId {
  return id.toString('latin1') as EntryId;
}
