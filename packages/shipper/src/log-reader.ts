import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint, JournalChunk, RecordPlace } from './journal.ts';
import { endOfRecords, type Segment } from './log-recovery.ts';
import { findRecord, RECORD_HEADER_BYTES, recordBytes, SEGMENT_HEADER_BYTES, segmentName } from './segment.ts';

export interface LogReaderPorts {
  readonly folder: string;
  /** In order; grows and shrinks while it is read. */
  readonly segments: readonly Segment[];
  /** What stands in the segment from that position on is no record. */
  readonly damaged: (segment: Segment, position: number) => void;
}

/** Reads a write-ahead log, as far as it is synced, from the checkpoint on. */
export class LogReader {
  readonly #ports: LogReaderPorts;
  #segment: number;
  #position = SEGMENT_HEADER_BYTES;
  /** Of the byte at the position, in the input; undefined until it was counted. */
  #offset: number | undefined;
  #opened: { readonly segment: number; readonly file: FileHandle } | undefined;

  /** @param from a checkpoint within one of the segments, or the beginning of one, which need not exist yet */
  constructor(ports: LogReaderPorts, from: Checkpoint | { readonly segment: number; readonly firstOffset: number }) {
    this.#ports = ports;
    this.#segment = from.segment;
    if ('firstOffset' in from) this.#offset = from.firstOffset;
    else this.#position = from.position;
  }

  /** @returns undefined when everything synced was read */
  async read(maxBytes: number): Promise<JournalChunk | undefined> {
    for (let segment = this.#segmentToRead(); segment; segment = this.#segmentToRead()) {
      const chunk = await this.#readFrom(segment, maxBytes);
      if (chunk) return chunk;
    }
    return undefined;
  }

  /** Reads again from that record on. */
  goBack({ segment, position, offset }: RecordPlace): void {
    this.#segment = segment;
    this.#position = position;
    this.#offset = offset;
  }

  async close(): Promise<void> {
    await this.#opened?.file.close();
  }

  /** The segment with bytes to read; moves on from one that was read to its end. */
  #segmentToRead(): Segment | undefined {
    const { segments } = this.#ports;
    for (;;) {
      const index = segments.findIndex(({ number }) => number === this.#segment);
      const segment = segments[index];
      if (!segment) return undefined;
      if (this.#position < segment.syncedBytes) return segment;
      const next = segments[index + 1];
      if (!next || segment.syncedBytes < segment.bytes) return undefined;
      this.#segment = next.number;
      this.#position = SEGMENT_HEADER_BYTES;
      this.#offset = next.firstOffset;
    }
  }

  /** @returns undefined when there was nothing but damage */
  async #readFrom(segment: Segment, maxBytes: number): Promise<JournalChunk | undefined> {
    const first = this.#offset ?? (await this.#countTo(segment));
    const position = this.#position;
    const buffer = await readRecords(await this.#open(segment), position, segment.syncedBytes, maxBytes);
    const places: RecordPlace[] = [];
    let at = 0;
    let end = 0;
    let afterBreak = false;
    for (let record = findRecord(buffer, at); typeof record !== 'string'; record = findRecord(buffer, at)) {
      const isBreak = record.start === record.end;
      if (isBreak && places.length > 0) break;
      if (isBreak) afterBreak = true;
      else places.push({ segment: segment.number, position: position + at, offset: first + end });
      buffer.copyWithin(end, record.start, record.end);
      end += record.end - record.start;
      at = record.end;
    }
    if (at === 0) {
      this.#ports.damaged(segment, position);
      return undefined;
    }
    this.#position = position + at;
    this.#offset = first + end;
    return { boot: segment.boot, offset: first, bytes: buffer.subarray(0, end), places, afterBreak };
  }

  /** The input's offset at the checkpoint's position. Where no record begins there, reading begins with the segment. */
  async #countTo(segment: Segment): Promise<number> {
    const path = join(this.#ports.folder, segmentName(segment.number));
    const { position, offset } = await endOfRecords(path, segment, this.#position);
    if (position === this.#position) return offset;
    this.#position = SEGMENT_HEADER_BYTES;
    return segment.firstOffset;
  }

  async #open({ number }: Segment): Promise<FileHandle> {
    if (this.#opened?.segment === number) return this.#opened.file;
    await this.#opened?.file.close();
    this.#opened = undefined;
    const file = await open(join(this.#ports.folder, segmentName(number)), 'r');
    this.#opened = { segment: number, file };
    return file;
  }
}

/** Reads from the position on, at most `maxBytes` unless the first record is longer. */
async function readRecords(file: FileHandle, position: number, end: number, maxBytes: number): Promise<Buffer> {
  const read = async (bytes: number) => {
    const buffer = Buffer.allocUnsafeSlow(Math.min(bytes, end - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    return buffer.subarray(0, bytesRead);
  };
  const buffer = await read(maxBytes);
  if (buffer.length < RECORD_HEADER_BYTES || recordBytes(buffer, 0) <= buffer.length) return buffer;
  return await read(recordBytes(buffer, 0));
}
