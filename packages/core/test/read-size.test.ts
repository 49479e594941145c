import { Entry } from '@distributary/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadSize } from '../src/read-size.ts';

const entriesOf = (sizes: readonly number[]) =>
  sizes.map((size) => new Entry('1-0', [Buffer.alloc(0), Buffer.alloc(size)]));
const bound = fc.integer({ min: 1, max: 100_000_000 });
const sizes = fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 20 });

describe('the size of a read', () => {
  it('is at least one entry and never more than there is room for', () => {
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 10 }), bound, bound, (replies, maxEntries, maxBytes) => {
        const size = new ReadSize();
        for (const reply of replies) size.learn(entriesOf(reply));
        const count = size.count(maxEntries, maxBytes);
        expect(Number.isInteger(count)).toBe(true);
        expect(count).toBeGreaterThanOrEqual(1);
        expect(count).toBeLessThanOrEqual(maxEntries);
      }),
    );
  });

  it('fits the bytes if entries stay as large as those just seen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), bound, (entryBytes, maxBytes) => {
        const size = new ReadSize();
        size.learn(entriesOf([entryBytes]));
        const count = size.count(Number.MAX_SAFE_INTEGER, maxBytes);
        expect(count === 1 || count * entryBytes <= maxBytes).toBe(true);
      }),
    );
  });

  it('shrinks at once when entries grow, and recovers within a few reads when they were large once', () => {
    const size = new ReadSize();
    for (let reads = 0; reads < 20; reads++) size.learn(entriesOf([200]));
    expect(size.count(500, 5_000_000)).toBe(500);
    size.learn(entriesOf([5_000_000]));
    expect(size.count(500, 5_000_000)).toBe(1);
    for (let reads = 0; reads < 10; reads++) size.learn(entriesOf([200]));
    expect(size.count(500, 5_000_000)).toBe(500);
  });

  it('is careful before the first entry was seen', () => {
    expect(new ReadSize().count(500, 5_242_880)).toBe(5);
  });

  it('adds up what it was shown', () => {
    fc.assert(
      fc.property(sizes, (some) => {
        expect(new ReadSize().learn(entriesOf(some))).toBe(some.reduce((total, one) => total + one, 0));
      }),
    );
  });
});
