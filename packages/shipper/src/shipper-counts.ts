/** Since this shipper was created, except where it says "now". */
export interface ShipperCounts {
  /** Bytes taken from the input. */
  readBytes: number;
  /** Lines found in them, including those of the log that an earlier run left; without the empty ones. */
  lines: number;
  /** Lines that were cut at `maxLineBytes`. */
  cut: number;
  /** Empty lines, which are skipped. */
  empty: number;
  /** Beginnings of lines whose rest never came. */
  partsLeftOut: number;
  /** Lines without a route although routes are set; they went to the default stream. */
  unrouted: number;
  /** Lines added to Redis by this shipper; one that Redis lost and was sent again counts twice. */
  stored: number;
  /** Those among them that Redis had confirmed before and lost. */
  storedAgain: number;
  /** Lines that Redis had already, from a call whose reply was lost or before what it lost. */
  duplicates: number;
  /** How often Redis had lost lines that could not be sent again, once per stream and boot. */
  gaps: number;
  /** Bytes of the input that they spanned. */
  gapBytes: number;
  /** Now: bytes that Redis does not have yet. */
  waitingBytes: number;
  /** Now: bytes of the write-ahead log on disk; 0 without one. */
  walBytes: number;
  /** Now: whether the input is not being read because there is no room. */
  paused: boolean;
  /** How often that happened. */
  pauses: number;
}
