import { Entry, type EntryId, ReadSize, type RedisConnection } from '@distributary/core';
import { asking } from './asking.ts';

/** A range of a stream as XRANGE takes it: IDs, `-`, `+`, or `(` and an ID for what comes after or before it. */
export interface Range {
  readonly from: string;
  readonly to: string;
}

type RawEntry = readonly [id: Buffer, parts: Buffer[]];

const MAX_PAGE_ENTRIES = 500;

/** What a page may weigh, as far as the entries before it tell: as much as a batch of a consumer does by default. */
const MAX_PAGE_BYTES = 5 * 1024 * 1024;

/** Reads a stream from one end of a range to the other, in pages that are bounded by entries and by bytes. */
export class PageReader {
  readonly #connection: RedisConnection;
  readonly #stream: string;
  readonly #size = new ReadSize();

  constructor(connection: RedisConnection, stream: string) {
    this.#connection = connection;
    this.#stream = stream;
  }

  /** The first entries of a range; none when it is empty. @throws RedisUnavailableError */
  async page({ from, to }: Range, maxEntries: number): Promise<Entry[]> {
    const count = this.#size.count(maxEntries, MAX_PAGE_BYTES);
    const reply = await asking(`XRANGE on ${this.#stream}`, () =>
      this.#connection.call('XRANGE', this.#stream, from, to, 'COUNT', count),
    );
    const entries = (reply as RawEntry[]).map(([id, parts]) => new Entry(String(id) as EntryId, parts));
    this.#size.learn(entries);
    return entries;
  }

  /** All entries of a range, page by page. @throws RedisUnavailableError */
  async *pages({ from, to }: Range): AsyncGenerator<Entry[], void, void> {
    for (let next = from; ; ) {
      const page = await this.page({ from: next, to }, MAX_PAGE_ENTRIES);
      const last = page.at(-1);
      if (!last) return;
      yield page;
      next = `(${last.id}`;
    }
  }
}
