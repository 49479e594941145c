import { mkdir } from 'node:fs/promises';
import type { CheckpointFile } from './checkpoint-file.ts';
import { asError, ShipperError } from './errors.ts';
import { FolderLock } from './folder-lock.ts';
import type { Checkpoint, Journal, JournalChunk, LineStart } from './journal.ts';
import { LogReader } from './log-reader.ts';
import { endOfRecords, type Recovered, recover, type Segment } from './log-recovery.ts';
import { LogWriter } from './log-writer.ts';
import type { ShippedRange } from './shipped-ranges.ts';
import type { Report } from './shipper-events.ts';
import { WakeUp } from './wake-up.ts';

const MAX_SEGMENT_BYTES = 16 * 1024 * 1024;
/** What one read brings at most. */
const READ_BYTES = 64 * 1024;
const EMPTY = Buffer.alloc(0);

export interface WriteAheadLogOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly keepShippedBytes: number;
  readonly report: Report;
}

/**
 * A log of the input's bytes in a folder of segments. Bytes are written before `append` returns, so that they survive
 * the process; they survive the machine after `sync`, and only then are they shipped: a byte that Redis has can not
 * vanish here, and its offset is not given to another one. Each start begins a new segment, and the log goes on under
 * its old boot unless its end was damaged. The last shipped segments are kept as long as there is room, to go back to.
 */
export class WriteAheadLog implements Journal {
  readonly maxBytes: number;
  readonly #keepShippedBytes: number;
  readonly #report: Report;
  readonly #lock: FolderLock;
  readonly #checkpointFile: CheckpointFile;
  readonly #changed = new WakeUp();
  readonly #writer: LogWriter;
  readonly #reader: LogReader;
  /** What is before it was shipped, and so were the segments before this one. */
  #released: LineStart;
  #releasedSegment: number;
  #isEnded = false;

  private constructor(options: WriteAheadLogOptions, lock: FolderLock, writer: LogWriter, found: Recovered) {
    this.maxBytes = options.maxBytes;
    this.#keepShippedBytes = options.keepShippedBytes;
    this.#report = options.report;
    this.#lock = lock;
    this.#checkpointFile = found.checkpointFile;
    this.#writer = writer;
    const { segments } = writer;
    const at = found.checkpoint;
    const resumes = at !== undefined && segments.some(({ number }) => number === at.segment);
    const [first] = segments as [Segment, ...Segment[]];
    const beginning = { segment: first.number, firstOffset: first.firstOffset };
    const damaged = (segment: Segment, position: number) => this.#skipDamage(segment, position);
    this.#reader = new LogReader({ folder: options.folder, segments, damaged }, resumes ? at : beginning);
    this.#releasedSegment = resumes ? at.segment : first.number;
    this.#released = resumes ? at : { offset: first.firstOffset, skipping: first.withinLine };
    this.start = { offset: this.#released.offset, skipping: this.#released.skipping, shipped: at?.shipped ?? [] };
  }

  /** Where shipping goes on: what is before the offset Redis has confirmed. */
  readonly start: LineStart & { readonly shipped: readonly ShippedRange[] };

  /** @throws ShipperError `WAL_LOCKED` or `WAL` */
  static async open(options: WriteAheadLogOptions): Promise<WriteAheadLog> {
    const { folder, maxBytes, report } = options;
    const failed = (thrown: unknown) => {
      if (thrown instanceof ShipperError) throw thrown;
      const { message } = asError(thrown);
      const advice = 'Check that the folder is on a local disk and belongs to the shipper.';
      throw new ShipperError('WAL', `The write-ahead log in ${folder} cannot be opened: ${message}. ${advice}`, {
        cause: thrown,
      });
    };
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch(failed);
    const lock = await FolderLock.take(folder).catch(failed);
    try {
      const found = await recover(folder, report);
      const maxSegmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.floor(maxBytes / 8));
      const log = new WriteAheadLog(options, lock, LogWriter.open({ folder, maxSegmentBytes }, found), found);
      await log.sync();
      return log;
    } catch (thrown) {
      await lock.release();
      return failed(thrown);
    }
  }

  get boot(): string {
    return this.#writer.boot;
  }

  get appendedEnd(): number {
    return this.#writer.appendedEnd;
  }

  get safeEnd(): number {
    return this.#writer.safeEnd;
  }

  get waitingBytes(): number {
    return this.appendedEnd - this.#released.offset;
  }

  get heldBytes(): number {
    return this.#writer.heldBytes;
  }

  get hasRoom(): boolean {
    return this.heldBytes < this.maxBytes;
  }

  append(bytes: Buffer): void {
    if (bytes.length > 0) this.#append(bytes);
  }

  appendBreak(): void {
    this.#append(EMPTY);
  }

  async sync(): Promise<void> {
    await this.#writer.sync();
    this.#changed.raise();
  }

  async read(maxBytes: number, signal: AbortSignal): Promise<JournalChunk | undefined> {
    for (;;) {
      const chunk = await this.#reader.read(maxBytes);
      if (chunk) return chunk;
      if (this.#isEnded || signal.aborted) return undefined;
      await this.#changed.next(signal);
    }
  }

  async release(checkpoint: Checkpoint): Promise<void> {
    const oldestOffset = this.#writer.segments[0]?.firstOffset ?? 0;
    const shipped = checkpoint.shipped.filter(({ boot, last }) => boot === this.boot || last >= oldestOffset);
    await this.#checkpointFile.write({ ...checkpoint, shipped });
    this.#releasedSegment = checkpoint.segment;
    this.#released = checkpoint;
    this.#removeShipped();
  }

  /** The checkpoint in the file stays where it is: a shipper that ends here finds anew what Redis has lost. */
  async goBack(offset: number): Promise<LineStart> {
    const { segments } = this.#writer;
    const [oldest] = segments as [Segment, ...Segment[]];
    if (offset < oldest.firstOffset) this.#released = { offset: oldest.firstOffset, skipping: oldest.withinLine };
    else if (offset < this.#released.offset) this.#released = { offset, skipping: false };
    const start = this.#released;
    const segment = segments.findLast(({ firstOffset }) => firstOffset <= start.offset) ?? oldest;
    this.#releasedSegment = segment.number;
    const path = this.#writer.pathOf(segment.number);
    const place = await endOfRecords(path, segment, segment.syncedBytes, start.offset);
    this.#reader.goBack({ segment: segment.number, position: place.position, offset: place.offset });
    return start;
  }

  end(): void {
    this.#isEnded = true;
    this.#changed.raise();
  }

  async close(): Promise<void> {
    this.#writer.close();
    await this.#reader.close();
    await this.#checkpointFile.close();
    await this.#lock.release();
  }

  #append(bytes: Buffer): void {
    if (this.#isNearlyFull) this.#removeShipped();
    this.#writer.append(bytes);
  }

  /** Whether what one more read brings might not find room. */
  get #isNearlyFull(): boolean {
    return this.heldBytes >= this.maxBytes - READ_BYTES;
  }

  /** Removes shipped segments: all that are not to be kept, and of those as many as the bound of the log demands. */
  #removeShipped(): void {
    const { segments } = this.#writer;
    let shippedBytes = 0;
    for (const { number, bytes } of segments) if (number < this.#releasedSegment) shippedBytes += bytes;
    while (shippedBytes > 0) {
      const { bytes } = segments[0] as Segment;
      if (shippedBytes - bytes < this.#keepShippedBytes && !this.#isNearlyFull) return;
      this.#writer.removeFirst();
      shippedBytes -= bytes;
    }
  }

  #skipDamage(segment: Segment, position: number): void {
    const file = this.#writer.pathOf(segment.number);
    this.#report('walTruncated', { file, position, droppedBytes: segment.bytes - position });
    this.#writer.cutOff(segment, position);
  }
}
