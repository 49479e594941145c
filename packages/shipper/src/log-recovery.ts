import { randomBytes } from 'node:crypto';
import { open, readdir, stat, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointFile } from './checkpoint-file.ts';
import type { Checkpoint } from './journal.ts';
import {
  decodeSegmentHeader,
  findRecord,
  RECORD_HEADER_BYTES,
  recordBytes,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
  segmentNumber,
} from './segment.ts';
import type { Report } from './shipper-events.ts';

const SCAN_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

export interface Segment extends SegmentHeader {
  readonly number: number;
  /** Of the file, as far as it holds whole records. */
  bytes: number;
  /** The part of them that was synced. */
  syncedBytes: number;
}

/** What a folder holds of a write-ahead log. */
export interface Recovered {
  readonly segments: Segment[];
  readonly checkpoint: Checkpoint | undefined;
  readonly checkpointFile: CheckpointFile;
  /** Where the next byte goes, and under which boot. */
  readonly boot: string;
  readonly endOffset: number;
  /** Whether the next byte may go on with a line that was begun. */
  readonly withinLine: boolean;
}

export function newBoot(): string {
  return randomBytes(6).toString('hex');
}

/** Finds the segments, and cuts off what a crash left half written. */
export async function recover(folder: string, report: Report): Promise<Recovered> {
  const { file: checkpointFile, checkpoint } = await CheckpointFile.open(folder);
  const segments = await findSegments(folder, report);
  const last = segments.at(-1);
  let boot = last?.whole ? last.boot : undefined;
  let endOffset = last?.firstOffset ?? 0;
  let withinLine = last?.withinLine ?? false;
  if (last) {
    const path = join(folder, segmentName(last.number));
    const { position, offset, ...end } = await endOfRecords(path, last, last.bytes);
    endOffset = offset;
    withinLine = end.withinLine;
    if (position < last.bytes) {
      report('walTruncated', { file: path, position, droppedBytes: last.bytes - position });
      await truncate(path, position);
      last.bytes = position;
      last.syncedBytes = position;
      boot = undefined;
    }
  }
  // A checkpoint beyond the end: the log has lost what Redis has, and its offsets must not be given again.
  if (checkpoint && checkpoint.offset > endOffset) {
    endOffset = checkpoint.offset;
    boot = undefined;
  }
  for (const { number } of segments) await syncPath(join(folder, segmentName(number)));
  withinLine &&= boot !== undefined;
  return { segments, checkpoint, checkpointFile, boot: boot ?? newBoot(), endOffset, withinLine };
}

/**
 * Whole records from the header to `end`, or to the one with the byte at `beforeOffset`: where they stop, in the file
 * and in the input, and whether that is within a line.
 */
export async function endOfRecords(
  path: string,
  header: SegmentHeader,
  end: number,
  beforeOffset: number = Infinity,
): Promise<{ position: number; offset: number; withinLine: boolean }> {
  let position = SEGMENT_HEADER_BYTES;
  let { firstOffset: offset, withinLine } = header;
  const file = await open(path, 'r');
  try {
    for (let bytes = SCAN_BYTES; position < end; ) {
      const buffer = Buffer.allocUnsafe(Math.min(bytes, end - position));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      const found = buffer.subarray(0, bytesRead);
      let at = 0;
      for (let record = findRecord(found, 0); typeof record !== 'string'; record = findRecord(found, at)) {
        const isBreak = record.start === record.end;
        if (!isBreak && offset + record.end - record.start > beforeOffset) {
          return { position: position + at, offset, withinLine };
        }
        withinLine = !isBreak && found[record.end - 1] !== NEWLINE;
        offset += record.end - record.start;
        at = record.end;
      }
      if (at === 0) {
        const needed = found.length < RECORD_HEADER_BYTES ? Infinity : recordBytes(found, 0);
        if (needed > end - position || needed <= found.length) break;
        bytes = needed;
      }
      position += at;
    }
  } finally {
    await file.close();
  }
  return { position, offset, withinLine };
}

/** In order; `whole` is false on a segment behind which one was removed because its header was torn. */
async function findSegments(folder: string, report: Report): Promise<(Segment & { whole: boolean })[]> {
  const numbers = (await readdir(folder)).flatMap((name) => segmentNumber(name) ?? []).sort((a, b) => a - b);
  const segments: (Segment & { whole: boolean })[] = [];
  for (const number of numbers) {
    const path = join(folder, segmentName(number));
    const { size } = await stat(path);
    const header = await readHeader(path);
    if (header) {
      segments.push({ number, ...header, bytes: size, syncedBytes: size, whole: true });
      continue;
    }
    report('walTruncated', { file: path, position: 0, droppedBytes: size });
    await unlink(path);
    const before = segments.at(-1);
    if (before) before.whole = false;
  }
  return segments;
}

async function readHeader(path: string): Promise<SegmentHeader | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SEGMENT_HEADER_BYTES), 0, SEGMENT_HEADER_BYTES, 0);
    return decodeSegmentHeader(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
