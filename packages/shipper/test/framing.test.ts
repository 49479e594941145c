import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineFramer } from '../src/framing.ts';
import { LineBatch } from '../src/line-batch.ts';

interface Framed {
  readonly offset: number;
  readonly line: string;
}

const NEWLINE = 0x0a;
const MAX_RESTARTED_BATCHES = 200;

/** What the framer must find, said the slow way. */
function expected(bytes: Buffer, maxLineBytes: number): Framed[] {
  const found: Framed[] = [];
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline === -1 ? bytes.length : newline;
    const isWhole = newline !== -1 || end - from > maxLineBytes;
    const line = bytes.toString('latin1', from, Math.min(end, from + maxLineBytes));
    if (isWhole && end > from) found.push({ offset: from, line });
    from = end + 1;
  }
  return found;
}

function linesOf(batch: LineBatch): Framed[] {
  return [...batch.streams().values()].flatMap(({ pieces }) =>
    pieces.flatMap(({ offset, bytes }) => {
      const lines: Framed[] = [];
      for (let from = 0; from < bytes.length; from = bytes.indexOf(NEWLINE, from) + 1) {
        lines.push({ offset: offset + from, line: bytes.toString('latin1', from, bytes.indexOf(NEWLINE, from)) });
      }
      return lines;
    }),
  );
}

const input = fc.record({
  bytes: fc
    .array(fc.constantFrom(NEWLINE, NEWLINE, 0, 0x61, 0xff), { maxLength: 60 })
    .map((array) => Buffer.from(array)),
  maxLineBytes: fc.integer({ min: 1, max: 8 }),
  chunkBytes: fc.integer({ min: 1, max: 20 }),
  maxLines: fc.integer({ min: 1, max: 5 }),
  isRouted: fc.boolean(),
});

describe('framing', () => {
  it('finds the same lines however the bytes are cut into chunks and batches, and after a restart anywhere', () => {
    fc.assert(
      fc.property(input, fc.integer({ min: 1, max: 6 }), (given, restartEvery) => {
        const { bytes, maxLineBytes, chunkBytes, maxLines, isRouted } = given;
        const route = isRouted ? (line: Buffer, from: number) => (line[from] === 0 ? 'zero' : undefined) : undefined;
        const found = new Map<number, Framed>();
        let framer = new LineFramer(maxLineBytes, { offset: 0, skipping: false });
        let batches = 0;
        for (let at = 0; at < bytes.length; ) {
          const batch = new LineBatch({ maxLines, stream: 'default', route });
          at += framer.frame(bytes.subarray(at, at + chunkBytes), at, batch);
          for (const line of linesOf(batch)) found.set(line.offset, line);
          // A restart goes back to the beginning of a line; with chunks shorter than that it would never get further.
          if (++batches % restartEvery !== 0 || batches > MAX_RESTARTED_BATCHES) continue;
          at = framer.lineStart;
          framer = new LineFramer(maxLineBytes, { offset: at, skipping: framer.skipping });
        }
        const inOrder = [...found.values()].sort((a, b) => a.offset - b.offset);
        expect(inOrder).toEqual(expected(bytes, maxLineBytes));
      }),
      { numRuns: 3_000 },
    );
  });
});
