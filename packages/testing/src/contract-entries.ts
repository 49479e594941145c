import { Entry } from '@distributary/core';

/** Milliseconds of the first half of every ID: some moment, the same in each run. */
const MOMENT_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** An entry as a shipper adds it, with one field `line`. */
export function entryOf(sequence: number, line: string | Buffer): Entry {
  return new Entry(`${MOMENT_MS}-${sequence}`, [Buffer.from('line'), Buffer.from(line)]);
}

export function numberedEntries(count: number, first = 1): Entry[] {
  return Array.from({ length: count }, (_, i) => entryOf(first + i, `line ${first + i}`));
}

interface AwkwardLine {
  readonly what: string;
  readonly line: string | Buffer;
}

/** Lines that a careless request would be torn, rewritten or subverted by. */
export const AWKWARD_LINES: readonly AwkwardLine[] = [
  { what: 'quotes and backslashes', line: '"say \\"hi\\"", C:\\temp\\new, \\u0041' },
  { what: 'line separators U+2028 and U+2029', line: 'a\u2028b\u2029c' },
  { what: 'line breaks within', line: 'first\nsecond\r\nthird' },
  { what: 'a NUL and other control characters', line: 'a\u0000b\u0001c\u001b[31md\u007f' },
  { what: 'characters beyond the basic plane', line: 'naïve 防火墙 🔥 e\u0301' },
  { what: 'a byte order mark and U+FFFD as text', line: '\ufeffstart \ufffd end' },
  { what: 'bytes that are not UTF-8', line: Buffer.from([0x61, 0xff, 0xfe, 0x80, 0x62]) },
  { what: 'the bytes of a lone surrogate', line: Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62]) },
  { what: 'members named like a prototype', line: '{"__proto__":{"polluted":true},"constructor":1}' },
  { what: 'a bulk action', line: '\n{"create":{"_index":"smuggled","_id":"x"}}\n{"smuggled":true}\n' },
  { what: 'the end of one event and the start of another', line: '"}}{"event":"smuggled"}{"event":{"a":"' },
  { what: 'markup', line: '<script>alert(1)</script> &amp; ]]>' },
  { what: 'spaces around', line: '  padded\t ' },
  { what: 'nothing', line: '' },
  { what: '64 kB', line: 'x'.repeat(65_536) },
];
