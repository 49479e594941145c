/** The ID Redis gives a stream entry: milliseconds since 1970, then a sequence number. */
export type EntryId = `${number}-${number}`;

/**
 * One element of the stream, kept exactly as Redis sent it: field order, duplicate
 * names and bytes that are not UTF-8 included. Nothing is decoded until it is asked for.
 */
export class Entry {
  readonly id: EntryId;
  /** What `eventIdentity` says of an entry whose fields are no longer all that was added, for some are masked. */
  readonly identity: string | undefined;
  readonly #parts: readonly Buffer[];

  /** @param parts Redis's own flat list: name, value, name, value, … */
  constructor(id: EntryId, parts: readonly Buffer[], identity?: string) {
    this.id = id;
    this.identity = identity;
    this.#parts = parts;
  }

  /** The value of the first field of that name, as it was added; the Buffer may share memory with its neighbours. */
  bytes(name: string): Buffer | undefined {
    const parts = this.#parts;
    for (let i = 0; i < parts.length; i += 2) {
      if (isAsciiName(parts[i] as Buffer, name)) return parts[i + 1];
    }
    return isAscii(name) ? undefined : this.#bytesOfWideName(name);
  }

  /** The value of the first field of that name as UTF-8 text; bytes that are not UTF-8 become U+FFFD. */
  text(name: string): string | undefined {
    return this.bytes(name)?.toString('utf8');
  }

  get fieldCount(): number {
    return this.#parts.length >> 1;
  }

  /** The value of the field at that position, counted from 0. */
  valueAt(position: number): Buffer | undefined {
    return this.#parts[2 * position + 1];
  }

  /** Every field in the order it was added, duplicates included. */
  *fields(): IterableIterator<readonly [name: Buffer, value: Buffer]> {
    for (let i = 0; i + 1 < this.#parts.length; i += 2) {
      yield [this.#parts[i] as Buffer, this.#parts[i + 1] as Buffer];
    }
  }

  /** Bytes of all names and values together. */
  get byteLength(): number {
    let total = 0;
    for (const part of this.#parts) total += part.length;
    return total;
  }

  /** Whether the other one has the same ID and, byte for byte, the same fields: an ID alone may be given twice. */
  equals(other: Entry): boolean {
    const parts = other.#parts;
    if (this.id !== other.id || this.#parts.length !== parts.length) return false;
    return this.#parts.every((part, i) => part.equals(parts[i] as Buffer));
  }

  /** When Redis stored the entry, in milliseconds since 1970: the first half of its ID. */
  get timestamp(): number {
    return Number.parseInt(this.id, 10);
  }

  #bytesOfWideName(name: string): Buffer | undefined {
    const wanted = Buffer.from(name);
    for (const [candidate, value] of this.fields()) {
      if (candidate.equals(wanted)) return value;
    }
    return undefined;
  }
}

/** An entry beside the payload that its team's `decode` made of it. */
export interface DecodedEntry<Payload> {
  readonly id: EntryId;
  readonly entry: Entry;
  readonly payload: Payload;
}

/** Entries delivered together, in the order of the stream unless some are being delivered again. */
export type Batch<Payload> = readonly DecodedEntry<Payload>[];

/**
 * Turns an entry into a team's payload. Called once per hand-over of an entry, synchronously. What it throws
 * becomes the reason of a dead letter: it is a statement about the entry, never about the destination.
 */
export type Decode<Payload> = (entry: Entry) => Payload;

/** Orders two entry IDs as the stream does: negative when `a` came first. */
export function compareEntryIds(a: EntryId, b: EntryId): number {
  if (a === b) return 0;
  const [aMs = '0', aSequence = '0'] = a.split('-');
  const [bMs = '0', bSequence = '0'] = b.split('-');
  return compareNumerals(aMs, bMs) || compareNumerals(aSequence, bSequence);
}

/** Decimal numerals without leading zeros, up to 2^64 - 1, which a JavaScript number cannot hold. */
function compareNumerals(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compared in place: making a string of every name costs more than the rest of a look-up. */
function isAsciiName(bytes: Buffer, name: string): boolean {
  if (bytes.length !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const character = name.charCodeAt(i);
    if (character > 0x7f || bytes[i] !== character) return false;
  }
  return true;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}
