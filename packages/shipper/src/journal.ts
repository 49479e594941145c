import type { ShippedRange } from './shipped-ranges.ts';

/** Where the input's bytes wait for Redis: on disk or in memory. Offsets count the bytes of the input, from the first ever. */
export interface Journal {
  /** Behind the last byte taken. */
  readonly appendedEnd: number;
  /** What is before it survives, as far as this journal can promise. */
  readonly safeEnd: number;
  /** Bytes that Redis does not have yet. */
  readonly waitingBytes: number;
  readonly hasRoom: boolean;
  /** How full it is, and how full it may become. */
  readonly heldBytes: number;
  readonly maxBytes: number;
  /** Takes bytes before it returns; the buffer may be reused then. @throws Error when they could not be stored */
  append(bytes: Buffer): void;
  /** Says that the line at the end will never be completed. */
  appendBreak(): void;
  /** Makes safe what was appended. @throws Error after which nothing that was appended can be relied on */
  sync(): Promise<void>;
  /** Waits for bytes that are safe to ship. @returns undefined when there are none and none will come, or on abort */
  read(maxBytes: number, signal: AbortSignal): Promise<JournalChunk | undefined>;
  /** Redis has everything before the checkpoint's offset. */
  release(checkpoint: Checkpoint): Promise<void>;
  /**
   * Reads again from the line at that offset on, which Redis has confirmed and lost, or from as near to it as the journal
   * still reaches; never from behind the last checkpoint.
   */
  goBack(offset: number): Promise<LineStart>;
  /** No more will be appended. */
  end(): void;
  close(): Promise<void>;
}

/** Consecutive bytes of the input. */
export interface JournalChunk {
  /** Names the run of offsets these bytes belong to; the same offset never names other bytes under one boot. */
  readonly boot: string;
  readonly offset: number;
  readonly bytes: Buffer;
  /** Where the records lie that the bytes came from, in order. */
  readonly places: readonly RecordPlace[];
  /** The line before these bytes will never be completed. */
  readonly afterBreak: boolean;
}

export interface RecordPlace {
  readonly segment: number;
  /** Of the record, in the segment's file. */
  readonly position: number;
  /** Of the record's first byte, in the input. */
  readonly offset: number;
}

/** Where a line begins. */
export interface LineStart {
  readonly offset: number;
  /** Whether `offset` lies within a line instead, the rest of which is to be skipped. */
  readonly skipping: boolean;
}

/** Up to where Redis has everything: `offset`, inside the record at `segment` and `position`. */
export interface Checkpoint extends RecordPlace, LineStart {
  /** What Redis has confirmed, stream by stream. */
  readonly shipped: readonly ShippedRange[];
}
