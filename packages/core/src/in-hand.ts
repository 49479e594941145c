import type { Clock } from './clock.ts';
import type { Entry, EntryId } from './entry.ts';
import type { Epoch } from './group.ts';

/** Entries that share a fate and so are renewed and released together: a batch, or a part of it after it was settled. */
export class Lease {
  readonly entries: readonly Entry[];
  readonly byteLength: number;
  /** When Redis last saw these entries handed out or touched, by this process's clock. */
  touchedAt: number;
  /** When these IDs meant these entries. */
  readonly epoch: Epoch;

  constructor(entries: readonly Entry[], byteLength: number, epoch: Epoch, touchedAt: number) {
    this.entries = entries;
    this.byteLength = byteLength;
    this.epoch = epoch;
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
  take(entries: readonly Entry[], byteLength: number, epoch: Epoch, since: number = this.#clock.now()): Lease {
    const lease = new Lease(entries, byteLength, epoch, since);
    this.#add(lease);
    return lease;
  }

  /**
   * Replaces a lease by one for each part; parts together name all of its entries, and an empty part holds nothing. What
   * is in hand are the entries as they were read, whatever the parts show of them.
   */
  split(lease: Lease, parts: readonly (readonly { readonly id: EntryId }[])[]): Lease[] {
    this.#remove(lease);
    const own = new Map(lease.entries.map((entry) => [entry.id, entry]));
    return parts.map((part) => {
      const entries = part.map(({ id }) => own.get(id) as Entry);
      const byteLength = entries.reduce((total, entry) => total + entry.byteLength, 0);
      const share = new Lease(entries, byteLength, lease.epoch, lease.touchedAt);
      if (entries.length > 0) this.#add(share);
      return share;
    });
  }

  release(lease: Lease): void {
    this.#remove(lease);
    this.#wake?.();
  }

  /** Everything in hand by its ID; built on demand, for it is rarely needed. */
  entries(): Map<EntryId, Entry[]> {
    const entries = new Map<EntryId, Entry[]>();
    for (const lease of this.#leases) {
      for (const entry of lease.entries) entries.set(entry.id, [...(entries.get(entry.id) ?? []), entry]);
    }
    return entries;
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
