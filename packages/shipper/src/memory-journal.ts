import { randomBytes } from 'node:crypto';
import type { Checkpoint, Journal, JournalChunk, LineStart } from './journal.ts';
import { WakeUp } from './wake-up.ts';

interface Held {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Lets bytes wait in memory: for a shipper without a write-ahead log. They are safe once Redis has them. */
export class MemoryJournal implements Journal {
  readonly maxBytes: number;
  readonly #boot = randomBytes(6).toString('hex');
  readonly #changed = new WakeUp();
  #held: Held[] = [];
  #read = 0;
  #released: LineStart = { offset: 0, skipping: false };
  #ended = false;
  #breaks = false;
  appendedEnd = 0;
  safeEnd = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get waitingBytes(): number {
    return this.appendedEnd - this.safeEnd;
  }

  get heldBytes(): number {
    return this.waitingBytes;
  }

  get hasRoom(): boolean {
    return this.heldBytes < this.maxBytes;
  }

  append(bytes: Buffer): void {
    this.#held.push({ offset: this.appendedEnd, bytes: Buffer.from(bytes) });
    this.appendedEnd += bytes.length;
    this.#changed.raise();
  }

  appendBreak(): void {
    this.#breaks = true;
    this.#changed.raise();
  }

  async sync(): Promise<void> {}

  async read(maxBytes: number, signal: AbortSignal): Promise<JournalChunk | undefined> {
    while (this.#read === this.appendedEnd && !this.#breaks) {
      if (this.#ended || signal.aborted) return undefined;
      await this.#changed.next(signal);
    }
    const waiting = this.#held.filter(({ offset }) => offset >= this.#read);
    const taken: Held[] = [];
    for (let bytes = 0; taken.length < waiting.length; ) {
      const next = waiting[taken.length] as Held;
      bytes += next.bytes.length;
      if (taken.length > 0 && bytes > maxBytes) break;
      taken.push(next);
    }
    const offset = this.#read;
    const bytes = Buffer.concat(taken.map((held) => held.bytes));
    this.#read += bytes.length;
    const afterBreak = this.#breaks && taken.length === 0;
    if (afterBreak) this.#breaks = false;
    return { boot: this.#boot, offset, bytes, places: [{ segment: 1, position: 0, offset }], afterBreak };
  }

  async release({ offset, skipping }: Checkpoint): Promise<void> {
    this.safeEnd = offset;
    this.#released = { offset, skipping };
    while (this.#held[0] && this.#held[0].offset + this.#held[0].bytes.length <= offset) this.#held.shift();
  }

  async goBack(): Promise<LineStart> {
    this.#read = this.#held[0]?.offset ?? this.appendedEnd;
    return this.#released;
  }

  end(): void {
    this.#ended = true;
    this.#changed.raise();
  }

  async close(): Promise<void> {
    this.#held = [];
  }
}
