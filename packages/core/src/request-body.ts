const MARGIN_BYTES = 4_096;

/** UTF-8 takes at most this many bytes for one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/** A part of more units is measured: what it might take would be reserved for nothing. */
const MEASURED_UNITS = 65_536;

/**
 * The parts of one batch's requests, one per entry, encoded one after the other into memory of its own. It is never used
 * for a second batch: a request may be answered while its body is still on its way.
 */
export class RequestBody {
  #buffer: Buffer;
  readonly #ending: Buffer;
  readonly #starts: number[] = [0];

  /** @param ending goes behind each part */
  constructor(expectedBytes: number, ending: string) {
    this.#buffer = Buffer.allocUnsafeSlow(expectedBytes + MARGIN_BYTES);
    this.#ending = Buffer.from(ending);
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  get byteLength(): number {
    return this.#starts[this.count] as number;
  }

  /** Written in two pieces, for joining them first would copy the longer one once more. */
  append(before: string, text: string): void {
    const start = this.byteLength;
    const needed = start + before.length * MAX_BYTES_PER_UNIT + mostBytes(text) + this.#ending.length;
    if (needed > this.#buffer.length) this.#grow(needed);
    let end = start + this.#buffer.write(before, start);
    end += this.#buffer.write(text, end);
    for (let i = 0; i < this.#ending.length; i++) this.#buffer[end++] = this.#ending[i] as number;
    this.#starts.push(end);
  }

  /** Bytes of the parts from `from` up to, not including, `to`, each with its ending. */
  sizeOf(from: number, to: number): number {
    return (this.#starts[to] as number) - (this.#starts[from] as number);
  }

  /** Those parts themselves; the memory is shared and must not be written to. */
  slice(from: number, to: number): Buffer {
    return this.#buffer.subarray(this.#starts[from], this.#starts[to]);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.byteLength);
    this.#buffer = larger;
  }
}

function mostBytes(text: string): number {
  return text.length > MEASURED_UNITS ? Buffer.byteLength(text) : text.length * MAX_BYTES_PER_UNIT;
}
