import { closeSync, fdatasync, fsync, openSync, unlinkSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asError } from './errors.ts';
import { newBoot, type Recovered, type Segment } from './log-recovery.ts';
import {
  encodeSegmentHeader,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  segmentName,
  writeRecordHeader,
} from './segment.ts';

const NEWLINE = 0x0a;

const syncFile = promisify(fdatasync);
const syncFolder = promisify(fsync);

export interface LogWriterOptions {
  readonly folder: string;
  /** A segment that has as many is followed by another one. */
  readonly maxSegmentBytes: number;
}

/** Writes the segments of a write-ahead log, from where it was found to end on. */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #folderDescriptor: number;
  readonly #header = Buffer.alloc(RECORD_HEADER_BYTES);
  readonly #segments: Segment[];
  #boot: string;
  #nextSegment: number;
  /** Of the last segment, and of full ones that were not synced since. */
  readonly #descriptors: { readonly segment: Segment; readonly descriptor: number }[] = [];
  /** Whether the next byte goes on with a line. */
  #isWithinLine: boolean;
  #heldBytes: number;
  #isFolderSynced = false;
  #syncFailure: Error | undefined;
  #appendedEnd: number;
  #safeEnd: number;

  private constructor(options: LogWriterOptions, folderDescriptor: number, found: Recovered) {
    this.#options = options;
    this.#folderDescriptor = folderDescriptor;
    this.#segments = found.segments;
    this.#boot = found.boot;
    this.#nextSegment = Math.max(found.segments.at(-1)?.number ?? 0, found.checkpoint?.segment ?? 0) + 1;
    this.#isWithinLine = found.withinLine;
    this.#heldBytes = found.segments.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#appendedEnd = found.endOffset;
    this.#safeEnd = found.endOffset;
  }

  /** Begins a new segment behind those that were found. @throws Error */
  static open(options: LogWriterOptions, found: Recovered): LogWriter {
    const writer = new LogWriter(options, openSync(options.folder, 'r'), found);
    writer.#beginSegment();
    return writer;
  }

  /** In order, at least one; grows and shrinks as the log does. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Under which the next byte is written. */
  get boot(): string {
    return this.#boot;
  }

  /** Of all segments, with their headers. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** In the input, behind the last byte. */
  get appendedEnd(): number {
    return this.#appendedEnd;
  }

  /** In the input, behind the last byte that was synced. */
  get safeEnd(): number {
    return this.#safeEnd;
  }

  /** Writes a record; one of no bytes is a break. @throws Error; then nothing was appended */
  append(bytes: Buffer): void {
    if (this.#last.bytes >= this.#options.maxSegmentBytes) this.#beginSegment();
    const segment = this.#last;
    writeRecordHeader(this.#header, bytes);
    // At a position of our own: what a failed write left behind is overwritten by the next one.
    write(this.#descriptors.at(-1)?.descriptor ?? -1, [this.#header, bytes], segment.bytes);
    const taken = RECORD_HEADER_BYTES + bytes.length;
    segment.bytes += taken;
    this.#heldBytes += taken;
    this.#appendedEnd += bytes.length;
    this.#isWithinLine = bytes.length > 0 && bytes.at(-1) !== NEWLINE;
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
  }

  /** Removes the first segment, which is not the last. */
  removeFirst(): void {
    const { number, bytes } = this.#segments[0] as Segment;
    unlinkSync(this.pathOf(number));
    this.#segments.shift();
    this.#heldBytes -= bytes;
  }

  /** What stands in the segment from that position on is no record: it ends there, and so does the boot if it is the last. */
  cutOff(segment: Segment, position: number): void {
    if (segment === this.#last) {
      this.#boot = newBoot();
      this.#isWithinLine = false;
      this.#beginSegment();
    }
    this.#heldBytes -= segment.bytes - position;
    segment.bytes = position;
    segment.syncedBytes = position;
  }

  pathOf(segmentNumber: number): string {
    return join(this.#options.folder, segmentName(segmentNumber));
  }

  close(): void {
    for (const { descriptor } of this.#descriptors.splice(0)) closeSync(descriptor);
    closeSync(this.#folderDescriptor);
  }

  get #last(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  #beginSegment(): void {
    const number = this.#nextSegment;
    const header = { boot: this.#boot, firstOffset: this.#appendedEnd, withinLine: this.#isWithinLine };
    const descriptor = openSync(this.pathOf(number), 'w', 0o600);
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

  async #sync(): Promise<void> {
    const end = this.#appendedEnd;
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
    this.#safeEnd = end;
  }
}

function write(descriptor: number, buffers: readonly Buffer[], position: number): void {
  const expected = buffers.reduce((sum, { length }) => sum + length, 0);
  const written = writevSync(descriptor, buffers, position);
  if (written < expected) throw new Error(`only ${written} of ${expected} bytes could be written`);
}
