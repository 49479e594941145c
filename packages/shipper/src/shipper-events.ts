export type ShipperState = 'idle' | 'running' | 'draining' | 'stopped';

/** What a shipper says of itself: one event per batch or change, never one per line. */
export interface ShipperEvents {
  stateChanged: [{ readonly from: ShipperState; readonly to: ShipperState }];
  /** The write-ahead log is open; `unshippedBytes` of it were left by an earlier run and go to Redis first. */
  walOpened: [{ readonly folder: string; readonly boot: string; readonly unshippedBytes: number }];
  /** The log's end was damaged, as a crash or a power cut leaves it; that many bytes were cut off and are lost. */
  walTruncated: [{ readonly file: string; readonly position: number; readonly droppedBytes: number }];
  /** The log could not be written to; the input is not read, and writing is tried again. */
  walUnwritable: [{ readonly reason: Error }];
  walWritable: [{ readonly afterMs: number }];
  /** The log, or without one the memory set aside, is full: the input is not read. */
  inputPaused: [{ readonly heldBytes: number; readonly maxBytes: number; readonly remedy: string }];
  inputResumed: [{ readonly afterMs: number }];
  /** Somebody removed or replaced the named pipe; it was created or opened again. */
  pipeReopened: [{ readonly path: string }];
  /** Standard input is at its end. */
  inputEnded: [{ readonly readBytes: number }];
  /** Redis has these; `duplicates` of them it had already, from a call whose reply was lost. */
  stored: [{ readonly stream: string; readonly lines: number; readonly duplicates: number; readonly tookMs: number }];
  /** Lines were longer than `maxLineBytes`; what was beyond is lost. */
  linesCut: [{ readonly count: number; readonly maxLineBytes: number }];
  /** Parts of lines whose rest will never come were left out. */
  partsLeftOut: [{ readonly count: number }];
  /** Redis does not answer or refuses; lines wait. Said once per outage and once per different answer. */
  redisUnavailable: [{ readonly reason: Error }];
  redisRecovered: [{ readonly afterMs: number }];
  /**
   * Redis has lost lines of these streams that it had confirmed, in a crash or a failover, or was emptied: so many bytes
   * of the journal are sent to it again, under the same eids.
   */
  wentBack: [{ readonly streams: readonly string[]; readonly bytes: number }];
  /**
   * Redis has lost lines that the journal no longer has: those of `stream` whose eids, in their order, lie from `fromEid`
   * up to but not including `beforeEid`. `bytes` of the input lie between the two, other streams' lines included.
   */
  gapFound: [{ readonly stream: string; readonly fromEid: string; readonly beforeEid: string; readonly bytes: number }];
  /** Stopped without a write-ahead log before Redis took everything: so many bytes are lost. */
  abandoned: [{ readonly bytes: number }];
}

/** How the parts of a shipper report to its listeners. */
export type Report = <Name extends keyof ShipperEvents>(name: Name, ...payload: ShipperEvents[Name]) => void;
