import { LineFramer } from './framing.ts';
import type { Checkpoint, Journal, JournalChunk, LineStart, RecordPlace } from './journal.ts';
import { LineBatch, type Route } from './line-batch.ts';
import type { ShippedRanges } from './shipped-ranges.ts';
import type { ShipperCounts } from './shipper-counts.ts';
import type { Report } from './shipper-events.ts';
import type { Behind, StoreOutcome, StreamWriter } from './stream-writer.ts';

/** How soon it is noticed that Redis has lost something of a stream that gets no more lines. */
const COMPARES_EVERY_MS = 2_000;

export interface FeedPorts {
  readonly journal: Journal;
  readonly writer: StreamWriter;
  readonly shipped: ShippedRanges;
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
  readonly start: LineStart;
}

/**
 * Takes bytes from the journal, finds the lines in them, and moves the checkpoint behind those that Redis has confirmed.
 * Goes back where Redis turns out to have lost some of those.
 */
export class Feed {
  readonly #ports: FeedPorts;
  readonly #options: FeedOptions;
  #framer: LineFramer;
  /** Of the records from the checkpoint's on. */
  #places: RecordPlace[] = [];
  #boot: string | undefined;
  /** Behind the last byte that was framed. */
  #end: number;
  /** What is framed from before there was framed and counted already, and is sent again. */
  #againUntil = 0;

  constructor(ports: FeedPorts, options: FeedOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#framer = new LineFramer(options.maxLineBytes, options.start);
    this.#end = options.start.offset;
  }

  /** Ends when the journal has no more to give, or on abort. */
  async run(signal: AbortSignal): Promise<void> {
    const { journal, writer } = this.#ports;
    let reading = new AbortController();
    const doubt = () => {
      writer.isDoubtful = true;
      reading.abort();
    };
    const timer = setInterval(doubt, COMPARES_EVERY_MS);
    signal.addEventListener('abort', doubt, { once: true });
    doubt();
    try {
      for (let outcome: StoreOutcome = 'stored'; outcome !== 'aborted'; ) {
        if (outcome === 'behind' || writer.isDoubtful) {
          reading = new AbortController();
          if (!(await this.#compare(outcome, signal))) return;
        }
        const chunk = await journal.read(this.#options.maxBytes, reading.signal);
        if (chunk) outcome = await this.#ship(chunk, signal);
        else if (reading.signal.aborted) outcome = 'stored';
        else return;
      }
    } finally {
      clearInterval(timer);
    }
  }

  async #ship(chunk: JournalChunk, signal: AbortSignal): Promise<StoreOutcome> {
    this.#places.push(...chunk.places);
    // The checkpoint may lie within the first record.
    const known = Math.max(0, Math.min(this.#end - chunk.offset, chunk.bytes.length));
    const isNewRun = this.#boot !== undefined && this.#boot !== chunk.boot;
    if (known > 0 && known === chunk.bytes.length && !isNewRun) return 'stored';
    let offset = chunk.offset + known;
    let bytes = chunk.bytes.subarray(known);
    let batch = this.#newBatch();
    const isTornOff = chunk.afterBreak && known === 0;
    if (isTornOff || isNewRun || offset !== this.#end) this.#framer.leaveOutPart(offset, batch);
    this.#boot = chunk.boot;
    for (;;) {
      const isAgain = offset < this.#againUntil;
      const used = this.#framer.frame(isAgain ? bytes.subarray(0, this.#againUntil - offset) : bytes, offset, batch);
      offset += used;
      bytes = bytes.subarray(used);
      const { stored } = this.#ports.counts;
      const outcome = batch.lines > 0 ? await this.#ports.writer.store(batch, chunk.boot, signal) : 'stored';
      if (isAgain) this.#ports.counts.storedAgain += this.#ports.counts.stored - stored;
      if (outcome !== 'stored') return outcome;
      this.#end = offset;
      if (!isAgain) this.#count(batch);
      await this.#moveCheckpoint();
      if (bytes.length === 0) return 'stored';
      batch = this.#newBatch();
    }
  }

  async #moveCheckpoint(): Promise<void> {
    const { lineStart: offset, skipping } = this.#framer;
    const isBefore = this.#places.findLastIndex((place) => place.offset <= offset);
    if (isBefore > 0) this.#places.splice(0, isBefore);
    const [place] = this.#places;
    if (!place) return;
    const checkpoint: Checkpoint = { ...place, offset, skipping, shipped: this.#ports.shipped.all() };
    await this.#ports.journal.release(checkpoint);
    this.#ports.released();
  }

  /** Compares what Redis remembers with what it has confirmed, and goes back where that is less. @returns false on abort */
  async #compare(outcome: StoreOutcome, signal: AbortSignal): Promise<boolean> {
    const behind = await this.#ports.writer.findBehind(signal);
    if (!behind) return false;
    if (behind.length > 0 || outcome === 'behind') await this.#goBack(behind);
    return true;
  }

  async #goBack(behind: readonly Behind[]): Promise<void> {
    const { journal, shipped, report } = this.#ports;
    const wanted = behind.map(({ range, remembered }) => remembered ?? range.first);
    const start = await journal.goBack(Math.min(...wanted));
    for (const one of behind) {
      this.#tellGap(one, start.offset);
      shipped.cut(one.range, one.remembered);
    }
    this.#againUntil = Math.max(this.#againUntil, this.#end);
    const bytes = this.#againUntil - start.offset;
    if (behind.length > 0 && bytes > 0) report('wentBack', { streams: behind.map(({ range }) => range.stream), bytes });
    this.#framer = new LineFramer(this.#options.maxLineBytes, start);
    this.#end = start.offset;
    this.#places = [];
    this.#boot = undefined;
  }

  /** @param start where the journal begins again: what Redis lost before it is gone */
  #tellGap({ range: { name, stream, boot, first, end }, remembered }: Behind, start: number): void {
    const { counts, report } = this.#ports;
    const from = remembered === undefined ? first : remembered + 1;
    const before = Math.min(end, start);
    if (from >= before) return;
    counts.gaps++;
    counts.gapBytes += before - from;
    const eid = (offset: number) => `${name}.${boot}.${offset}`;
    report('gapFound', { stream, fromEid: eid(from), beforeEid: eid(before), bytes: before - from });
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
