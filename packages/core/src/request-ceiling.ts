/**
 * The most bytes worth sending at once. Starts at the configured maximum; each 413 lowers it to half of what was
 * refused, but not below what the destination has taken before.
 */
export class RequestCeiling {
  #bytes: number;
  #largestTaken = 0;

  constructor(maxBytes: number) {
    this.#bytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  taken(bytes: number): void {
    if (bytes > this.#largestTaken) this.#largestTaken = bytes;
  }

  tooLarge(bytes: number): void {
    if (bytes > this.#bytes) return;
    if (bytes <= this.#largestTaken) this.#largestTaken = 0;
    this.#bytes = Math.max(Math.floor(bytes / 2), this.#largestTaken);
  }
}
