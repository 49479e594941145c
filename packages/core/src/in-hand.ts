import type { Clock } from './clock.ts';
import type { Entry, EntryId } from './entry.ts';

/** Entries that share a fate and so are renewed and released together: a batch, or a part of it after it was settled. */
export class Lease {
  readonly entries: readonly Entry[];
  readonly byteLength: number;
  /** When Redis last saw these entries handed out or touched, by this process's clock. */
  touchedAt: number;

  constructor(entries: readonly Entry[], byteLength: number, touchedAt: number) {
    this.entries = entries;
    this.byteLength = byteLength;
    this.touchedAt = touchedAt;
  }

  get ids(): EntryId[] {
    return this.entries.map((entry) => entry.id);
  }
}

/** Everything that was read and is not yet acknowledged, bounded by entries and bytes. */
export class InHand {
  readonly #limit: { readonly maxEntries: number; readonly maxBytes: number };
  readonly #clock: Clock;
  readonly #leases = new Set<Lease>();
  #entries = 0;
  #bytes = 0;
  #wake: (() => void) | undefined;

  constructor(limit: { readonly maxEntries: number; readonly maxBytes: number }, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  get leases(): ReadonlySet<Lease> {
    return this.#leases;
  }

  get entryCount(): number {
    return this.#entries;
  }

  get byteLength(): number {
    return this.#bytes;
  }

  /** Entries and bytes that may still be read; a single entry may always overshoot the bytes. */
  get room(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#limit.maxEntries - this.#entries, bytes: this.#limit.maxBytes - this.#bytes };
  }

  /** @param since when Redis handed the entries out */
  take(entries: readonly Entry[], byteLength: number, since: number = this.#clock.now()): Lease {
    const lease = new Lease(entries, byteLength, since);
    this.#add(lease);
    return lease;
  }

  /** Replaces a lease by one for each part; parts together hold all of its entries, and an empty part holds nothing. */
  split(lease: Lease, parts: readonly (readonly Entry[])[]): Lease[] {
    this.#remove(lease);
    return parts.map((entries) => {
      const byteLength = entries.reduce((total, entry) => total + entry.byteLength, 0);
      const part = new Lease(entries, byteLength, lease.touchedAt);
      if (entries.length > 0) this.#add(part);
      return part;
    });
  }

  release(lease: Lease): void {
    this.#remove(lease);
    this.#wake?.();
  }

  /** The IDs of everything in hand; built on demand, for it is rarely needed. */
  ids(): Set<EntryId> {
    const ids = new Set<EntryId>();
    for (const lease of this.#leases) for (const entry of lease.entries) ids.add(entry.id);
    return ids;
  }

  /** Resolves when there is room for at least one entry, or when the signal aborts. */
  async untilRoom(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (this.room.entries <= 0 || this.room.bytes <= 0)) await this.#change(signal);
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        signal.removeEventListener('abort', finish);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = finish;
      signal.addEventListener('abort', finish, { once: true });
    });
  }

  #add(lease: Lease): void {
    this.#leases.add(lease);
    this.#entries += lease.entries.length;
    this.#bytes += lease.byteLength;
  }

  #remove(lease: Lease): void {
    if (!this.#leases.delete(lease)) return;
    this.#entries -= lease.entries.length;
    this.#bytes -= lease.byteLength;
  }
}
