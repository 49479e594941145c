/** Whole lines, each with its newline, that follow each other in the input. */
export interface Piece {
  /** Of its first byte in the input. */
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface StreamLines {
  readonly pieces: Piece[];
  lines: number;
}

/** Names the stream of a line; undefined: the default one. */
export type Route = (bytes: Buffer, from: number) => string | undefined;

/** The lines of one hand-over to Redis, by stream. */
export class LineBatch {
  readonly #maxLines: number;
  readonly #stream: string;
  readonly #route: Route | undefined;
  readonly #streams = new Map<string, StreamLines>();
  #spanStream: StreamLines | undefined;
  #spanBytes: Buffer | undefined;
  #spanOffset = 0;
  #spanFrom = 0;
  #spanEnd = 0;
  lines = 0;
  cut = 0;
  empty = 0;
  unrouted = 0;
  partsLeftOut = 0;

  /** @param route undefined: everything goes to `stream` */
  constructor(options: { readonly maxLines: number; readonly stream: string; readonly route: Route | undefined }) {
    this.#maxLines = options.maxLines;
    this.#stream = options.stream;
    this.#route = options.route;
  }

  get isFull(): boolean {
    return this.lines + this.empty >= this.#maxLines;
  }

  skipEmpty(): void {
    this.empty++;
  }

  /** Adds the line at `bytes[from..end)`, newline included; `offset` is that of `bytes[0]`. */
  add(bytes: Buffer, offset: number, from: number, end: number): void {
    const lines = this.#linesOf(bytes, from);
    lines.lines++;
    this.lines++;
    if (lines === this.#spanStream && bytes === this.#spanBytes && from === this.#spanEnd) {
      this.#spanEnd = end;
      return;
    }
    this.#closeSpan();
    this.#spanStream = lines;
    this.#spanBytes = bytes;
    this.#spanOffset = offset;
    this.#spanFrom = from;
    this.#spanEnd = end;
  }

  /** The lines by stream; nothing can be added afterwards. */
  streams(): ReadonlyMap<string, StreamLines> {
    this.#closeSpan();
    return this.#streams;
  }

  #linesOf(bytes: Buffer, from: number): StreamLines {
    if (!this.#route) return this.#of(this.#stream);
    const routed = this.#route(bytes, from);
    if (routed === undefined) this.unrouted++;
    return this.#of(routed ?? this.#stream);
  }

  #of(stream: string): StreamLines {
    let lines = this.#streams.get(stream);
    if (!lines) {
      lines = { pieces: [], lines: 0 };
      this.#streams.set(stream, lines);
    }
    return lines;
  }

  #closeSpan(): void {
    if (!this.#spanStream || !this.#spanBytes) return;
    const bytes = this.#spanBytes.subarray(this.#spanFrom, this.#spanEnd);
    this.#spanStream.pieces.push({ offset: this.#spanOffset + this.#spanFrom, bytes });
    this.#spanBytes = undefined;
    this.#spanStream = undefined;
  }
}
