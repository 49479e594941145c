import { LineFramer } from './framing.ts';
import type { Checkpoint, Journal, JournalChunk, RecordPlace } from './journal.ts';
import { LineBatch, type Route } from './line-batch.ts';
import type { ShipperCounts } from './shipper-counts.ts';
import type { Report } from './shipper-events.ts';
import type { StreamWriter } from './stream-writer.ts';

export interface FeedPorts {
  readonly journal: Journal;
  readonly writer: StreamWriter;
  readonly counts: ShipperCounts;
  readonly report: Report;
  /** Called whenever Redis has taken something. */
  readonly released: () => void;
}

export interface FeedOptions {
  readonly stream: string;
  readonly route: Route | undefined;
  readonly maxLineBytes: number;
  readonly maxLines: number;
  readonly maxBytes: number;
  readonly start: { readonly offset: number; readonly skipping: boolean };
}

/** Takes bytes from the journal, finds the lines in them, and moves the checkpoint behind those that Redis has. */
export class Feed {
  readonly #ports: FeedPorts;
  readonly #options: FeedOptions;
  readonly #framer: LineFramer;
  /** Of the records from the checkpoint's on. */
  #places: RecordPlace[] = [];
  #boot: string | undefined;
  /** Behind the last byte that was framed. */
  #end: number;

  constructor(ports: FeedPorts, options: FeedOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#framer = new LineFramer(options.maxLineBytes, options.start);
    this.#end = options.start.offset;
  }

  /** Ends when the journal has no more to give, or on abort. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const chunk = await this.#ports.journal.read(this.#options.maxBytes, signal);
      if (!chunk || !(await this.#ship(chunk, signal))) return;
    }
  }

  async #ship(chunk: JournalChunk, signal: AbortSignal): Promise<boolean> {
    this.#places.push(...chunk.places);
    // The checkpoint may lie within the first record.
    const known = Math.max(0, Math.min(this.#end - chunk.offset, chunk.bytes.length));
    const isNewRun = this.#boot !== undefined && this.#boot !== chunk.boot;
    if (known > 0 && known === chunk.bytes.length && !isNewRun) return true;
    let offset = chunk.offset + known;
    let bytes = chunk.bytes.subarray(known);
    let batch = this.#newBatch();
    const isTornOff = chunk.afterBreak && known === 0;
    if (isTornOff || isNewRun || offset !== this.#end) this.#framer.leaveOutPart(offset, batch);
    this.#boot = chunk.boot;
    for (;;) {
      const used = this.#framer.frame(bytes, offset, batch);
      offset += used;
      bytes = bytes.subarray(used);
      if (batch.lines > 0 && !(await this.#ports.writer.store(batch, chunk.boot, signal))) return false;
      this.#end = offset;
      this.#count(batch);
      await this.#moveCheckpoint();
      if (bytes.length === 0) return true;
      batch = this.#newBatch();
    }
  }

  async #moveCheckpoint(): Promise<void> {
    const { lineStart: offset, skipping } = this.#framer;
    const isBefore = this.#places.findLastIndex((place) => place.offset <= offset);
    if (isBefore > 0) this.#places.splice(0, isBefore);
    const [place] = this.#places;
    if (!place) return;
    const checkpoint: Checkpoint = { ...place, offset, skipping };
    await this.#ports.journal.release(checkpoint);
    this.#ports.released();
  }

  #newBatch(): LineBatch {
    const { maxLines, stream, route } = this.#options;
    return new LineBatch({ maxLines, stream, route });
  }

  #count(batch: LineBatch): void {
    const { counts, report } = this.#ports;
    counts.lines += batch.lines;
    counts.cut += batch.cut;
    counts.empty += batch.empty;
    counts.unrouted += batch.unrouted;
    counts.partsLeftOut += batch.partsLeftOut;
    if (batch.cut > 0) report('linesCut', { count: batch.cut, maxLineBytes: this.#options.maxLineBytes });
    if (batch.partsLeftOut > 0) report('partsLeftOut', { count: batch.partsLeftOut });
  }
}
