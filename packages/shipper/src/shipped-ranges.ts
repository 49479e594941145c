import type { StreamLines } from './line-batch.ts';

const NEWLINE = 0x0a;

/** What Redis has confirmed to have of one boot in one stream, as offsets of the input. */
export interface ShippedRange {
  /** Of the shipper. */
  readonly name: string;
  readonly stream: string;
  readonly boot: string;
  /** Of the first line. */
  readonly first: number;
  /** Of the last line. */
  readonly last: number;
  /** Behind the last line. */
  readonly end: number;
}

/** What Redis is expected to have, stream by stream: the measure of what it has lost. */
export class ShippedRanges {
  readonly #name: string;
  readonly #ranges = new Map<string, ShippedRange>();

  /** @param ranges of an earlier run, whose name and streams may have been others: those are not this shipper's to judge */
  constructor(name: string, streams: ReadonlySet<string>, ranges: readonly ShippedRange[]) {
    this.#name = name;
    const own = ranges.filter((range) => range.name === name && streams.has(range.stream));
    for (const range of own) this.#ranges.set(keyOf(range.stream, range.boot), range);
  }

  all(): ShippedRange[] {
    return [...this.#ranges.values()];
  }

  of(stream: string, boot: string): ShippedRange | undefined {
    return this.#ranges.get(keyOf(stream, boot));
  }

  /** Redis has confirmed these. */
  add(stream: string, boot: string, { pieces }: StreamLines): void {
    const [first] = pieces;
    const piece = pieces.at(-1);
    if (!first || !piece) return;
    const { bytes, offset } = piece;
    this.#ranges.set(keyOf(stream, boot), {
      name: this.#name,
      stream,
      boot,
      first: this.of(stream, boot)?.first ?? first.offset,
      last: offset + bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1,
      end: offset + bytes.length,
    });
  }

  /** Redis has nothing behind the line at that offset. @param last undefined: it has nothing at all */
  cut(range: ShippedRange, last: number | undefined): void {
    const key = keyOf(range.stream, range.boot);
    if (last === undefined) this.#ranges.delete(key);
    else this.#ranges.set(key, { ...range, last, end: last + 1 });
  }
}

function keyOf(stream: string, boot: string): string {
  return `${boot} ${stream}`;
}
