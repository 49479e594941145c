import {
  asError,
  Entry,
  type EntryId,
  explainReply,
  ReadSize,
  type RedisArgument,
  type RedisConnection,
} from '@distributary/core';

const PAGE_ENTRIES = 1_000;
const PAGE_BYTES = 16 * 1024 * 1024;

type RawEntry = readonly [id: Buffer, parts: Buffer[]];

/** A stream as it lies there, read without any group: nothing is handed out, nothing acknowledged. */
export class StreamHistory {
  readonly #connection: RedisConnection;
  readonly #stream: string;
  readonly #size = new ReadSize();

  constructor(connection: RedisConnection, stream: string) {
    this.#connection = connection;
    this.#stream = stream;
  }

  /**
   * The entries of a range in order, in pages of up to 1,000 entries or about 16 MB.
   * @param from as XRANGE takes it: an entry ID, `(` and one, or `-`; @param to likewise, or `+`
   * @throws RedisUnavailableError
   */
  async *pages(from: string, to: string): AsyncGenerator<readonly Entry[]> {
    for (let start = from; ; ) {
      const asked = this.#pageSize();
      const page = this.#learn(await this.#ask('XRANGE', this.#stream, start, to, 'COUNT', asked));
      if (page.length > 0) yield page;
      if (page.length < asked) return;
      start = `(${page.at(-1)?.id}`;
    }
  }

  /** @throws RedisUnavailableError */
  async entry(id: EntryId): Promise<Entry | undefined> {
    const [raw] = (await this.#ask('XRANGE', this.#stream, id, id)) as RawEntry[];
    return raw && entryOf(raw);
  }

  /** Entries behind that one; waits up to `blockMs` for the first. @throws RedisUnavailableError */
  async behind(id: string, blockMs: number): Promise<readonly Entry[]> {
    const args = ['COUNT', this.#pageSize(), 'BLOCK', blockMs, 'STREAMS', this.#stream, id];
    try {
      const reply = (await this.#connection.callBlocking(blockMs, 'XREAD', args)) as [Buffer, RawEntry[]][] | null;
      return this.#learn(reply?.[0]?.[1] ?? []);
    } catch (thrown) {
      throw explainReply(asError(thrown), `XREAD of ${this.#stream}`);
    }
  }

  /** The ID of the newest entry there ever was; `0-0` before the first. @throws RedisUnavailableError */
  async lastId(): Promise<EntryId> {
    const [newest] = (await this.#ask('XREVRANGE', this.#stream, '+', '-', 'COUNT', 1)) as RawEntry[];
    return newest ? entryOf(newest).id : '0-0';
  }

  #pageSize(): number {
    return this.#size.count(PAGE_ENTRIES, PAGE_BYTES);
  }

  #learn(reply: unknown): readonly Entry[] {
    const entries = (reply as RawEntry[]).map(entryOf);
    this.#size.learn(entries);
    return entries;
  }

  async #ask(command: string, ...args: RedisArgument[]): Promise<unknown> {
    try {
      return await this.#connection.call(command, ...args);
    } catch (thrown) {
      throw explainReply(asError(thrown), `${command} of ${this.#stream}`);
    }
  }
}

function entryOf([id, parts]: RawEntry): Entry {
  return new Entry(id.toString('latin1') as EntryId, parts);
}
