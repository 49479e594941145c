import { crc32 } from 'node:zlib';

/**
 * A segment is a file of the write-ahead log. It begins with a header of 32 bytes:
 *
 *     magic (8) · boot (12, hexadecimal) · offset of the first byte (6) · 1 where that lies within a line (1) · zero (1) ·
 *     crc32 of these (4)
 *
 * and goes on with records: crc32 (4) · length (4) · that many bytes of the input. The checksum covers the length and
 * the bytes. A record of length 0 is a break: the line before it will never be completed. Numbers are little-endian.
 */
export const SEGMENT_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 8;

const MAGIC = Buffer.from('DISTWAL1');
const SEGMENT_NAME = /^(\d{12})\.wal$/;

export interface SegmentHeader {
  readonly boot: string;
  readonly firstOffset: number;
  /** Whether the first byte goes on with a line that an earlier segment begins. */
  readonly withinLine: boolean;
}

export function segmentName(number: number): string {
  return `${String(number).padStart(12, '0')}.wal`;
}

export function segmentNumber(name: string): number | undefined {
  const digits = SEGMENT_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function encodeSegmentHeader({ boot, firstOffset, withinLine }: SegmentHeader): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.write(boot, 8, 12, 'latin1');
  header.writeUIntLE(firstOffset, 20, 6);
  header.writeUInt8(withinLine ? 1 : 0, 26);
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  return header;
}

/** @returns undefined when it is torn or not a header */
export function decodeSegmentHeader(header: Buffer): SegmentHeader | undefined {
  if (header.length < SEGMENT_HEADER_BYTES || !header.subarray(0, 8).equals(MAGIC)) return undefined;
  if (header.readUInt32LE(28) !== crc32(header.subarray(0, 28))) return undefined;
  return {
    boot: header.toString('latin1', 8, 20),
    firstOffset: header.readUIntLE(20, 6),
    withinLine: header.readUInt8(26) === 1,
  };
}

export function writeRecordHeader(header: Buffer, bytes: Buffer): void {
  header.writeUInt32LE(bytes.length, 4);
  header.writeUInt32LE(checksum(header, 0, bytes), 0);
}

export type FoundRecord = 'incomplete' | 'damaged' | { readonly start: number; readonly end: number };

/** The record that begins there; `incomplete` when the buffer ends before it does. */
export function findRecord(buffer: Buffer, position: number): FoundRecord {
  const start = position + RECORD_HEADER_BYTES;
  if (start > buffer.length) return 'incomplete';
  const end = start + buffer.readUInt32LE(position + 4);
  if (end > buffer.length) return 'incomplete';
  const expected = buffer.readUInt32LE(position);
  return expected === checksum(buffer, position, buffer.subarray(start, end)) ? { start, end } : 'damaged';
}

/** How many bytes the record takes whose header stands there, header included. */
export function recordBytes(buffer: Buffer, position: number): number {
  return RECORD_HEADER_BYTES + buffer.readUInt32LE(position + 4);
}

function checksum(header: Buffer, position: number, bytes: Buffer): number {
  return crc32(bytes, crc32(header.subarray(position + 4, position + RECORD_HEADER_BYTES)));
}
