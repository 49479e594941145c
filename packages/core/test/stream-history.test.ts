import { type Entry, type EntryId, type EntryRange, StreamHistory } from '@distributary/core';
import { type RedisFixture, startRedis } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const ALL = { from: '-', to: '+' };

async function pagesOf(history: StreamHistory, range: EntryRange = ALL): Promise<Entry[][]> {
  const pages: Entry[][] = [];
  for await (const page of history.pages(range)) pages.push(page);
  return pages;
}

describe("a stream's history", () => {
  it.each([6, 7])('gives a range of %i entries once and in order, in pages of three', async (count) => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(count);
    const pages = await pagesOf(new StreamHistory(stream.redis, stream.name, { maxEntries: 3 }));
    expect(pages.flat().map(({ id }) => id)).toEqual(ids);
    expect(pages.map(({ length }) => length)).toEqual(count === 6 ? [3, 3] : [3, 3, 1]);
  });

  it('gives a range without its ends where they are left out', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(5);
    const range = { from: `(${ids[0]}`, to: `(${ids[4]}` };
    const [page = []] = await pagesOf(new StreamHistory(stream.redis, stream.name), range);
    expect(page.map(({ id }) => id)).toEqual(ids.slice(1, 4));
  });

  it('bounds its pages in bytes, by the entries that it has seen', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(40, () => 'x'.repeat(10_000));
    const pages = await pagesOf(new StreamHistory(stream.redis, stream.name, { maxBytes: 100_000 }));
    expect(pages.flat()).toHaveLength(40);
    for (const page of pages) {
      expect(page.reduce((total, entry) => total + entry.byteLength, 0)).toBeLessThanOrEqual(100_000);
    }
  });

  it('is empty, and creates nothing, where there is no stream', async () => {
    await using stream = new TestStream(redis);
    const history = new StreamHistory(stream.redis, stream.name);
    expect(await pagesOf(history)).toEqual([]);
    expect(await history.entry('1-1')).toBeUndefined();
    expect(await history.behind('0-0', 1)).toEqual([]);
    expect(await history.lastId()).toBe('0-0');
    expect(await stream.call('EXISTS', stream.name)).toBe(0);
  });

  it('gives one entry, the newest ID, and what comes behind an ID', async () => {
    await using stream = new TestStream(redis);
    const [first, second, third] = (await stream.addMany(3)) as [EntryId, EntryId, EntryId];
    const history = new StreamHistory(stream.redis, stream.name);
    expect((await history.entry(second))?.text('line')).toBe('line 1');
    expect(await history.lastId()).toBe(third);
    expect((await history.behind(first, 1_000)).map(({ id }) => id)).toEqual([second, third]);
  });

  it('says which command on which key another type of key refused', async () => {
    await using stream = new TestStream(redis);
    await stream.call('SET', stream.name, 'x');
    const history = new StreamHistory(stream.redis, stream.name);
    await expect(history.page(ALL, 1)).rejects.toThrow(`XRANGE on ${stream.name}: Redis answered WRONGTYPE`);
    await expect(history.behind('0-0', 1)).rejects.toThrow(`XREAD on ${stream.name}: Redis answered WRONGTYPE`);
  });
});
