import { Entry, type EntryId, lineOf, originJson, PayloadError } from '@distributary/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary' }).map((some) => Buffer.from(some));
const value = fc.oneof(bytes, text);

function entryOf(line: Buffer, ...others: Buffer[]): Entry {
  return new Entry('1700000000000-7', [...others, Buffer.from('line'), line]);
}

/** What a reader of the stored line and its origin can restore. */
function restored(line: string, origin: { readonly line_base64?: string }): Buffer {
  return origin.line_base64 === undefined ? Buffer.from(line) : Buffer.from(origin.line_base64, 'base64');
}

describe('a line', () => {
  it('and where it came from give back the very bytes that were shipped', () => {
    fc.assert(
      fc.property(value, (shipped) => {
        const entry = entryOf(shipped);
        const line = lineOf(entry);
        expect(restored(line, JSON.parse(originJson(entry, line)))).toEqual(shipped);
      }),
    );
  });

  it('carries its bytes apart only when text cannot hold them, a real U+FFFD included', () => {
    const replacement = entryOf(Buffer.from('a\ufffdb'));
    expect(JSON.parse(originJson(replacement, lineOf(replacement)))).toEqual({ entry_id: '1700000000000-7' });
    const broken = entryOf(Buffer.from([0x61, 0xff]));
    expect(JSON.parse(originJson(broken, lineOf(broken)))).toEqual({
      entry_id: '1700000000000-7',
      line_base64: 'Yf8=',
    });
  });

  it("comes with the producer's eid, quoted, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (eid) => {
        const entry = entryOf(Buffer.from('x'), Buffer.from('eid'), Buffer.from(eid));
        const origin = originJson(entry, 'x');
        expect(JSON.parse(origin)).toEqual({ entry_id: '1700000000000-7', eid });
        expect(origin).not.toMatch(/[\r\n]/);
      }),
    );
  });

  it('is refused, with the names that are there and what to do, when its field is missing', () => {
    const entry = new Entry('1-0' as EntryId, [Buffer.from('message'), Buffer.from('secret')]);
    expect(() => lineOf(entry)).toThrow(PayloadError);
    expect(() => lineOf(entry)).toThrow(/no field "line", only \["message"\]\. Ship lines as XADD/);
    expect(() => lineOf(entry)).not.toThrow(/secret/);
  });
});
