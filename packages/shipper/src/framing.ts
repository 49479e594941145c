import type { LineBatch } from './line-batch.ts';

const NEWLINE = 0x0a;

/**
 * Finds lines in consecutive bytes. Lines are bytes: nothing is decoded, and nothing but the newline ends one. What is
 * beyond `maxLineBytes` is skipped up to the next newline. Whole lines are handed on as views of the bytes given.
 */
export class LineFramer {
  readonly #maxLineBytes: number;
  #part: Buffer[] = [];
  #partBytes = 0;
  #skipping = false;
  #lineStart: number;

  constructor(maxLineBytes: number, start: { readonly offset: number; readonly skipping: boolean }) {
    this.#maxLineBytes = maxLineBytes;
    this.#lineStart = start.offset;
    this.#skipping = start.skipping;
  }

  /** Where the first line begins that was not handed on; while `skipping`, the end of what was seen. */
  get lineStart(): number {
    return this.#lineStart;
  }

  /** Whether the rest of a cut line is still to come. */
  get skipping(): boolean {
    return this.#skipping;
  }

  /** Puts whole lines into the batch until that is full. @returns how many of the bytes were used */
  frame(bytes: Buffer, offset: number, batch: LineBatch): number {
    let from = 0;
    if (this.#skipping || this.#partBytes > 0) {
      from = this.#complete(bytes, batch);
      this.#lineStart = this.#partBytes > 0 ? this.#lineStart : offset + from;
      if (from === bytes.length) return from;
    }
    for (let end = -1; !batch.isFull; from = end + 1) {
      end = bytes.indexOf(NEWLINE, from);
      if (end === -1) {
        this.#lineStart = offset + from;
        this.#keepPart(bytes.subarray(from), batch);
        if (this.#skipping) this.#lineStart = offset + bytes.length;
        return bytes.length;
      }
      if (end === from) batch.skipEmpty();
      else if (end - from > this.#maxLineBytes) this.#cut(bytes.subarray(from, end), offset + from, batch);
      else batch.add(bytes, offset, from, end + 1);
    }
    this.#lineStart = offset + from;
    return from;
  }

  /** Forgets the line that is not complete, for its rest will never come. */
  leaveOutPart(offset: number, batch: LineBatch): void {
    if (this.#partBytes > 0) batch.partsLeftOut++;
    this.#forgetPart();
    this.#skipping = false;
    this.#lineStart = offset;
  }

  /** @returns how many bytes belong to the line that began before them */
  #complete(bytes: Buffer, batch: LineBatch): number {
    const newline = bytes.indexOf(NEWLINE);
    const used = newline === -1 ? bytes.length : newline + 1;
    if (!this.#skipping) this.#keepPart(bytes.subarray(0, newline === -1 ? bytes.length : newline), batch);
    if (newline === -1) return used;
    if (!this.#skipping) {
      const line = Buffer.concat([...this.#part, Buffer.of(NEWLINE)]);
      batch.add(line, this.#lineStart, 0, line.length);
    }
    this.#forgetPart();
    this.#skipping = false;
    return used;
  }

  /** Copies, for the bytes are a view of much more. */
  #keepPart(bytes: Buffer, batch: LineBatch): void {
    if (this.#partBytes + bytes.length > this.#maxLineBytes) {
      this.#cut(Buffer.concat([...this.#part, bytes]), this.#lineStart, batch);
      this.#forgetPart();
      this.#skipping = true;
    } else if (bytes.length > 0) {
      this.#part.push(Buffer.from(bytes));
      this.#partBytes += bytes.length;
    }
  }

  #cut(line: Buffer, offset: number, batch: LineBatch): void {
    const whole = Buffer.concat([line.subarray(0, this.#maxLineBytes), Buffer.of(NEWLINE)]);
    batch.add(whole, offset, 0, whole.length);
    batch.cut++;
  }

  #forgetPart(): void {
    this.#part = [];
    this.#partBytes = 0;
  }
}
