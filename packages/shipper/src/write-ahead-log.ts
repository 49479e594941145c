import { closeSync, fdatasync, fsync, openSync, unlinkSync, writevSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CheckpointFile } from './checkpoint-file.ts';
import { asError, ShipperError } from './errors.ts';
import { FolderLock } from './folder-lock.ts';
import type { Checkpoint, Journal, JournalChunk, LineStart } from './journal.ts';
import { LogReader } from './log-reader.ts';
import { endOfRecords, newBoot, type Recovered, recover, type Segment } from './log-recovery.ts';
import {
  encodeSegmentHeader,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  segmentName,
  writeRecordHeader,
} from './segment.ts';
import type { ShippedRange } from './shipped-ranges.ts';
import type { Report } from './shipper-events.ts';
import { WakeUp } from './wake-up.ts';

const MAX_SEGMENT_BYTES = 16 * 1024 * 1024;
/** What one read brings at most. */
const READ_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const EMPTY = Buffer.alloc(0);

const syncFile = promisify(fdatasync);
const syncFolder = promisify(fsync);

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
  readonly folder: string;
  readonly maxBytes: number;
  readonly #maxSegmentBytes: number;
  readonly #keepShippedBytes: number;
  readonly #report: Report;
  readonly #lock: FolderLock;
  readonly #folderDescriptor: number;
  readonly #checkpointFile: CheckpointFile;
  readonly #changed = new WakeUp();
  readonly #header = Buffer.alloc(RECORD_HEADER_BYTES);
  readonly #segments: Segment[];
  #boot: string;
  #nextSegment: number;
  /** Of the last segment, and of full ones that were not synced since. */
  readonly #descriptors: { readonly segment: Segment; readonly descriptor: number }[] = [];
  readonly #reader: LogReader;
  /** Whether the next byte goes on with a line. */
  #isWithinLine: boolean;
  /** What is before it was shipped, and so were the segments before this one. */
  #released: LineStart;
  #releasedSegment: number;
  #heldBytes: number;
  #isFolderSynced = false;
  #isEnded = false;
  #syncFailure: Error | undefined;
  appendedEnd: number;
  safeEnd: number;

  private constructor(options: WriteAheadLogOptions, lock: FolderLock, folderDescriptor: number, found: Recovered) {
    this.folder = options.folder;
    this.maxBytes = options.maxBytes;
    this.#maxSegmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.floor(options.maxBytes / 8));
    this.#keepShippedBytes = options.keepShippedBytes;
    this.#report = options.report;
    this.#lock = lock;
    this.#folderDescriptor = folderDescriptor;
    this.#checkpointFile = found.checkpointFile;
    this.#segments = found.segments;
    this.#boot = found.boot;
    this.#nextSegment = Math.max(found.segments.at(-1)?.number ?? 0, found.checkpoint?.segment ?? 0) + 1;
    this.appendedEnd = found.endOffset;
    this.safeEnd = found.endOffset;
    this.#isWithinLine = found.withinLine;
    this.#heldBytes = found.segments.reduce((sum, { bytes }) => sum + bytes, 0);
    const at = found.checkpoint;
    const resumes = at !== undefined && found.segments.some(({ number }) => number === at.segment);
    const [first = { number: this.#nextSegment, firstOffset: found.endOffset, withinLine: false }] = found.segments;
    const beginning = { segment: first.number, firstOffset: first.firstOffset };
    const damaged = (segment: Segment, position: number) => this.#skipDamage(segment, position);
    const ports = { folder: options.folder, segments: found.segments, damaged };
    this.#reader = new LogReader(ports, resumes ? at : beginning);
    this.#releasedSegment = resumes ? at.segment : first.number;
    this.#released = resumes ? at : { offset: first.firstOffset, skipping: first.withinLine };
    this.start = { offset: this.#released.offset, skipping: this.#released.skipping, shipped: at?.shipped ?? [] };
  }

  /** Where shipping goes on: what is before the offset Redis has confirmed. */
  readonly start: LineStart & { readonly shipped: readonly ShippedRange[] };

  /** @throws ShipperError `WAL_LOCKED` or `WAL` */
  static async open(options: WriteAheadLogOptions): Promise<WriteAheadLog> {
    const { folder, report } = options;
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
      const log = new WriteAheadLog(options, lock, openSync(folder, 'r'), found);
      log.#beginSegment();
      await log.sync();
      return log;
    } catch (thrown) {
      await lock.release();
      return failed(thrown);
    }
  }

  get boot(): string {
    return this.#boot;
  }

  get waitingBytes(): number {
    return this.appendedEnd - this.#released.offset;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get hasRoom(): boolean {
    return this.#heldBytes < this.maxBytes;
  }

  append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#appendRecord(bytes);
  }

  appendBreak(): void {
    this.#appendRecord(EMPTY);
  }

  /** Once it failed it fails for ever: a second fdatasync would succeed for bytes that the first has given up. */
  async sync(): Promise<void> {
    if (this.#syncFailure) throw this.#syncFailure;
    try {
      await this.#sync();
    } catch (thrown) {
      this.#syncFailure = asError(thrown);
      throw thrown;
    }
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
    const oldestOffset = this.#segments[0]?.firstOffset ?? 0;
    const shipped = checkpoint.shipped.filter(({ boot, last }) => boot === this.#boot || last >= oldestOffset);
    await this.#checkpointFile.write({ ...checkpoint, shipped });
    this.#releasedSegment = checkpoint.segment;
    this.#released = checkpoint;
    this.#removeShipped();
  }

  /** The checkpoint in the file stays where it is: a shipper that ends here finds anew what Redis has lost. */
  async goBack(offset: number): Promise<LineStart> {
    const [oldest] = this.#segments as [Segment, ...Segment[]];
    if (offset < oldest.firstOffset) this.#released = { offset: oldest.firstOffset, skipping: oldest.withinLine };
    else if (offset < this.#released.offset) this.#released = { offset, skipping: false };
    const start = this.#released;
    const segment = this.#segments.findLast(({ firstOffset }) => firstOffset <= start.offset) ?? oldest;
    this.#releasedSegment = segment.number;
    const path = join(this.folder, segmentName(segment.number));
    const place = await endOfRecords(path, segment, segment.syncedBytes, start.offset);
    this.#reader.goBack({ segment: segment.number, position: place.position, offset: place.offset });
    return start;
  }

  end(): void {
    this.#isEnded = true;
    this.#changed.raise();
  }

  async close(): Promise<void> {
    for (const { descriptor } of this.#descriptors.splice(0)) closeSync(descriptor);
    await this.#reader.close();
    closeSync(this.#folderDescriptor);
    await this.#checkpointFile.close();
    await this.#lock.release();
  }

  async #sync(): Promise<void> {
    const end = this.appendedEnd;
    const synced = this.#descriptors.map((entry) => ({ ...entry, bytes: entry.segment.bytes }));
    if (!this.#isFolderSynced) {
      this.#isFolderSynced = true;
      await syncFolder(this.#folderDescriptor);
    }
    for (const { segment, descriptor, bytes } of synced) {
      await syncFile(descriptor);
      segment.syncedBytes = bytes;
    }
    // All but the last were full when the sync began: nothing was added to them since.
    for (const { descriptor } of this.#descriptors.splice(0, synced.length - 1)) closeSync(descriptor);
    this.safeEnd = end;
  }

  #appendRecord(bytes: Buffer): void {
    if (this.#heldBytes >= this.maxBytes - READ_BYTES) this.#removeShipped();
    if (this.#last.bytes >= this.#maxSegmentBytes) this.#beginSegment();
    const segment = this.#last;
    writeRecordHeader(this.#header, bytes);
    // At a position of our own: what a failed write left behind is overwritten by the next one.
    write(this.#descriptors.at(-1)?.descriptor ?? -1, [this.#header, bytes], segment.bytes);
    const taken = RECORD_HEADER_BYTES + bytes.length;
    segment.bytes += taken;
    this.#heldBytes += taken;
    this.appendedEnd += bytes.length;
    this.#isWithinLine = bytes.length > 0 && bytes.at(-1) !== NEWLINE;
  }

  /** Removes shipped segments: all that are not to be kept, and of those as many as the bound of the log demands. */
  #removeShipped(): void {
    let shippedBytes = 0;
    for (const { number, bytes } of this.#segments) if (number < this.#releasedSegment) shippedBytes += bytes;
    while (shippedBytes > 0) {
      const { number, bytes } = this.#segments[0] as Segment;
      const isFull = this.#heldBytes >= this.maxBytes - READ_BYTES;
      if (shippedBytes - bytes < this.#keepShippedBytes && !isFull) return;
      unlinkSync(join(this.folder, segmentName(number)));
      this.#segments.shift();
      this.#heldBytes -= bytes;
      shippedBytes -= bytes;
    }
  }

  #beginSegment(): void {
    const number = this.#nextSegment;
    const header = { boot: this.#boot, firstOffset: this.appendedEnd, withinLine: this.#isWithinLine };
    const descriptor = openSync(join(this.folder, segmentName(number)), 'w', 0o600);
    try {
      write(descriptor, [encodeSegmentHeader(header)], 0);
    } catch (thrown) {
      closeSync(descriptor);
      throw thrown;
    }
    const segment: Segment = { number, ...header, bytes: SEGMENT_HEADER_BYTES, syncedBytes: SEGMENT_HEADER_BYTES };
    this.#descriptors.push({ segment, descriptor });
    this.#segments.push(segment);
    this.#nextSegment++;
    this.#heldBytes += SEGMENT_HEADER_BYTES;
    this.#isFolderSynced = false;
  }

  get #last(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  #skipDamage(segment: Segment, position: number): void {
    const file = join(this.folder, segmentName(segment.number));
    this.#report('walTruncated', { file, position, droppedBytes: segment.bytes - position });
    if (segment === this.#last) {
      this.#boot = newBoot();
      this.#isWithinLine = false;
      this.#beginSegment();
    }
    this.#heldBytes -= segment.bytes - position;
    segment.bytes = position;
    segment.syncedBytes = position;
  }
}

function write(descriptor: number, buffers: readonly Buffer[], position: number): void {
  const expected = buffers.reduce((sum, { length }) => sum + length, 0);
  const written = writevSync(descriptor, buffers, position);
  if (written < expected) throw new Error(`only ${written} of ${expected} bytes could be written`);
}
