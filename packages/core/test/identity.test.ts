import { Entry, type EntryId, eventId, eventIdentity } from '@distributary/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const fields = fc.array(fc.tuple(bytes, bytes), { minLength: 1, maxLength: 5 }).map((pairs) => pairs.flat());
const withoutEid = fields.filter((parts) => parts.every((part) => part.toString() !== 'eid'));
const id: EntryId = '1700000000000-7';

describe("an event's identity", () => {
  it('is the same for the same bytes, wherever they lie in memory', () => {
    fc.assert(
      fc.property(fields, (parts) => {
        const copy = parts.map((part) => Buffer.from(part));
        expect(eventIdentity(new Entry(id, parts))).toBe(eventIdentity(new Entry(id, copy)));
      }),
    );
  });

  it('differs for other bytes under the same ID, and for the same bytes under another', () => {
    fc.assert(
      fc.property(withoutEid, withoutEid, (some, others) => {
        const flat = (parts: Buffer[]) => JSON.stringify(parts.map((part) => part.toString('hex')));
        fc.pre(
          flat(some) !== flat(others) &&
            !(some.length === 2 && others.length === 2 && some[1]?.equals(others[1] as Buffer)),
        );
        expect(eventIdentity(new Entry(id, some))).not.toBe(eventIdentity(new Entry(id, others)));
        expect(eventIdentity(new Entry(id, some))).not.toBe(eventIdentity(new Entry('1700000000000-8', some)));
      }),
    );
  });

  it('fits what Elasticsearch takes as an _id: 1 to 512 bytes', () => {
    fc.assert(
      fc.property(
        fields,
        fc.option(fc.string({ unit: 'binary', maxLength: 600 }), { nil: undefined }),
        (parts, eid) => {
          const named = eid === undefined ? [] : [Buffer.from('eid'), Buffer.from(eid)];
          const length = Buffer.byteLength(eventIdentity(new Entry(id, [...named, ...parts])));
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(512);
        },
      ),
    );
  });

  it("is the producer's eid exactly where that one can serve", () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), (eid) => {
        const entry = new Entry(id, [Buffer.from('eid'), Buffer.from(eid)]);
        fc.pre(Buffer.byteLength(eid) <= 512);
        expect(eventId(entry)).toBe(eid);
        expect(eventIdentity(entry)).toBe(eid);
      }),
    );
    expect(eventId(new Entry(id, [Buffer.from('eid'), Buffer.from('é'.repeat(257))]))).toBeUndefined();
  });
});
