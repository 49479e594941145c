import { type Entry, type EntryId, GroupVanishedError } from '@distributary/core';
import type {
  Checkpoint,
  ClaimedPage,
  DeadLetter,
  HandedBack,
  OwnPage,
  Page,
  Survey,
  UnreadLoss,
} from './core-ports.ts';
import type { EntryKind, StreamEntry } from './stream-entry.ts';
import { firstOrderAt, idOf, orderOf, streamEntry } from './stream-entry.ts';

/** How servers differ in what they tell of trimmed entries. */
export type Flavour = '6.2' | '7.0' | '7.2' | '8.8';

/** An entry that was handed out and is not acknowledged. */
export interface PendingEntry {
  readonly entry: StreamEntry;
  consumer: string;
  deliveredAt: number;
  deliveries: number;
}

interface GroupState {
  lastOrder: number;
  /** Redis's count of entries read; null before the first read. */
  read: number | null;
  /** In the order of the stream. */
  pending: PendingEntry[];
  /** Events that were trimmed before the group had them. */
  trimmedUnread: Set<number>;
}

/** Everything that a server keeps, and that a failover can set back. */
interface ServerState {
  entries: StreamEntry[];
  exists: boolean;
  lastOrder: number;
  added: number;
  groups: Map<string, GroupState>;
  deadLetters: Map<string, StreamEntry[]>;
  alone: Map<string, Map<EntryId, number>>;
  checkpoints: Map<string, Checkpoint>;
}

const STREAMS_APART_MS = 1_000;

/** A blocked read. */
export interface Waiter {
  readonly group: string;
  readonly consumer: string;
  readonly count: number;
  readonly answer: (page: Page) => void;
  readonly refuse: (reason: Error) => void;
}

/** What the simulation is told of what a command did. */
export interface RedisWitness {
  acknowledged(group: string, by: string, pending: PendingEntry): void;
  setAside(group: string, letter: DeadLetter, entry: StreamEntry): void;
  /** A pending entry that is no longer in the stream left the pending list without being acknowledged. */
  cleared(group: string, by: string, entry: StreamEntry): void;
  /** A consumer took a pending entry over from another one. */
  takenOver(group: string, entry: StreamEntry): void;
  /** A group was created on a stream that holds these. */
  begun(group: string, startFrom: 'beginning' | 'now', events: readonly number[]): void;
  /** A group was moved, and these entries of the stream are not to come to it any more. */
  moved(group: string, passed: readonly StreamEntry[]): void;
  /** These left the stream. */
  trimmed(events: readonly number[]): void;
  /** Nobody can have these entries any more, through no fault of a consumer. */
  excused(group: string | undefined, events: readonly number[]): void;
}

/**
 * One stream of a Redis with its groups, dead letters and notes. Each method is one command, run atomically, with the
 * effects and replies of the real one.
 */
export class RedisModel {
  readonly #flavour: Flavour;
  readonly #now: () => number;
  readonly #witness: RedisWitness;
  #state: ServerState = {
    entries: [],
    exists: false,
    lastOrder: 0,
    added: 0,
    groups: new Map(),
    deadLetters: new Map(),
    alone: new Map(),
    checkpoints: new Map(),
  };
  #waiters: Waiter[] = [];
  #snapshot: ServerState | undefined;
  #addedSinceSnapshot: number[] = [];
  /** Commands sent to a server that is no longer the master are lost. */
  epoch = 0;
  /** No connection can be made. */
  away = false;
  /**
   * Where the server's clock stands still, if it does: what is added after some of the stream was lost then gets the IDs
   * of what was lost.
   */
  clockAt: number | undefined;
  /** Commands that need memory are refused. */
  full = false;

  constructor(flavour: Flavour, now: () => number, witness: RedisWitness) {
    this.#flavour = flavour;
    this.#now = now;
    this.#witness = witness;
  }

  /** Whether it has XNACK. */
  get releases(): boolean {
    return this.#flavour === '8.8';
  }

  /** @param added told before anybody can read the entry */
  add(event: number, kind: EntryKind, added: (entry: StreamEntry) => void): StreamEntry {
    const state = this.#state;
    const entry = streamEntry(event, kind, Math.max(state.lastOrder + 1, firstOrderAt(this.clockAt ?? this.#now())));
    state.exists = true;
    state.entries.push(entry);
    state.lastOrder = entry.order;
    state.added++;
    this.#addedSinceSnapshot.push(event);
    added(entry);
    this.#wake();
    return entry;
  }

  create(name: string, startFrom: 'beginning' | 'now'): boolean {
    const state = this.#state;
    if (state.groups.has(name)) return false;
    state.exists = true;
    const lastOrder = startFrom === 'now' ? state.lastOrder : 0;
    this.#witness.begun(name, startFrom, eventsOf(state.entries));
    state.groups.set(name, { lastOrder, read: null, pending: [], trimmedUnread: new Set() });
    return true;
  }

  survey(name: string, upTo: EntryId): Survey | undefined {
    const { entries, exists, lastOrder, groups } = this.#state;
    if (!exists) return undefined;
    const group = groups.get(name);
    return {
      firstId: entries[0]?.entry.id,
      lastGenerated: idOf(lastOrder),
      entry: entries[firstAfter(entries, orderOf(upTo)) - 1]?.entry,
      deadLetters: this.deadLetters(name).length,
      group: group && {
        lastDelivered: idOf(group.lastOrder),
        pending: group.pending.length,
        oldestPending: group.pending[0]?.entry.entry.id,
        entriesRead: this.#flavour === '6.2' ? undefined : (group.read ?? undefined),
      },
    };
  }

  moveTo(name: string, lastDelivered: EntryId): void {
    const group = this.#group(name);
    const { entries } = this.#state;
    group.lastOrder = orderOf(lastDelivered);
    group.read = null;
    this.#witness.moved(name, entries.slice(0, firstAfter(entries, group.lastOrder)));
  }

  /** Whether the entry's ID means this entry and no other. */
  means(entry: Entry): boolean {
    const { entries, lastOrder } = this.#state;
    const order = orderOf(entry.id);
    const held = entries[firstAfter(entries, order - 1)];
    return held?.order === order ? held.entry === entry : order <= lastOrder;
  }

  checkpoint(name: string): Checkpoint | undefined {
    return this.#state.checkpoints.get(name);
  }

  saveCheckpoint(name: string, checkpoint: Checkpoint): void {
    this.#state.checkpoints.set(name, checkpoint);
  }

  readNew(name: string, consumer: string, count: number): Page {
    const group = this.#group(name);
    const { entries } = this.#state;
    const from = firstAfter(entries, group.lastOrder);
    const taken = entries.slice(from, from + count);
    for (const [i, entry] of taken.entries()) {
      this.#countRead(group, from + i);
      group.lastOrder = entry.order;
      this.#makePending(group, { entry, consumer, deliveredAt: this.#now(), deliveries: 1 });
    }
    return { entries: taken.map(({ entry }) => entry), lost: [] };
  }

  wait(waiter: Waiter): void {
    this.#waiters.push(waiter);
  }

  /** @returns false when it was answered before */
  unwait(waiter: Waiter): boolean {
    const at = this.#waiters.indexOf(waiter);
    if (at >= 0) this.#waiters.splice(at, 1);
    return at >= 0;
  }

  readOwn(name: string, consumer: string, after: EntryId, count: number): OwnPage {
    const from = orderOf(after);
    const own = this.#group(name).pending.filter((one) => one.consumer === consumer && one.entry.order > from);
    const page = own.slice(0, count);
    const present = page.filter((one) => this.#holds(one.entry));
    for (const one of present) this.#handOut(name, one, consumer);
    const lost = page.filter((one) => !this.#holds(one.entry)).map((one) => one.entry.entry.id);
    return { entries: present.map((one) => one.entry.entry), lost, last: page.at(-1)?.entry.entry.id };
  }

  claimIdle(name: string, consumer: string, cursor: EntryId, idleMs: number, count: number): ClaimedPage {
    const group = this.#group(name);
    const entries: StreamEntry[] = [];
    const lost: EntryId[] = [];
    let unnamedLost = false;
    let left = count;
    let attempts = 10 * count;
    let i = group.pending.findIndex((one) => one.entry.order >= orderOf(cursor));
    if (i < 0) i = group.pending.length;
    while (i < group.pending.length && left > 0 && attempts-- > 0) {
      const one = group.pending[i] as PendingEntry;
      const present = this.#holds(one.entry);
      if (!present && this.#flavour !== '6.2') {
        group.pending.splice(i, 1);
        this.#witness.cleared(name, consumer, one.entry);
        lost.push(one.entry.entry.id);
        left--;
        continue;
      }
      i++;
      if (this.#now() - one.deliveredAt < idleMs) continue;
      this.#handOut(name, one, consumer);
      if (present) entries.push(one.entry);
      else unnamedLost = true;
      left--;
    }
    const next = group.pending[i];
    return {
      entries: entries.map(({ entry }) => entry),
      lost,
      unnamedLost,
      cursor: next ? next.entry.entry.id : '0-0',
    };
  }

  deliveryCounts(name: string, consumer: string, ids: readonly EntryId[]): ReadonlyMap<EntryId, number> {
    if (ids.length === 0) return new Map();
    const asked = new Set(ids);
    const own = this.#group(name).pending.filter((one) => one.consumer === consumer && asked.has(one.entry.entry.id));
    return new Map(own.map((one) => [one.entry.entry.id, one.deliveries]));
  }

  touch(name: string, consumer: string, ids: readonly EntryId[]): void {
    const group = this.#group(name);
    const asked = new Set(ids);
    group.pending = group.pending.filter((one) => {
      if (!asked.has(one.entry.entry.id)) return true;
      if (!this.#holds(one.entry) && this.#flavour !== '6.2') {
        this.#witness.cleared(name, consumer, one.entry);
        return false;
      }
      one.consumer = consumer;
      one.deliveredAt = this.#now();
      return true;
    });
  }

  acknowledge(name: string, consumer: string, ids: readonly EntryId[]): number {
    // XACK answers 0 where there is no such group.
    const group = this.#state.groups.get(name);
    if (!group) return 0;
    const asked = new Set(ids);
    const kept: PendingEntry[] = [];
    for (const one of group.pending) {
      if (asked.has(one.entry.entry.id)) this.#witness.acknowledged(name, consumer, one);
      else kept.push(one);
    }
    const acknowledged = group.pending.length - kept.length;
    group.pending = kept;
    return acknowledged;
  }

  setAside(
    name: string,
    consumer: string,
    letters: readonly DeadLetter[],
    ids: readonly EntryId[],
    entryOf: (letter: DeadLetter) => StreamEntry,
  ): number {
    const stored = letters.map(entryOf);
    for (const [i, letter] of letters.entries()) this.#witness.setAside(name, letter, stored[i] as StreamEntry);
    this.#state.deadLetters.set(name, [...this.deadLetters(name), ...stored]);
    for (const { verdict, entry } of letters) if (verdict === 'crashed') this.#notes(name).delete(entry.id);
    return this.acknowledge(name, consumer, ids);
  }

  /** What XPENDING lists of one consumer's. */
  pendingOf(name: string, consumer: string): EntryId[] {
    return this.#group(name)
      .pending.filter((one) => one.consumer === consumer)
      .map((one) => one.entry.entry.id);
  }

  /** XNACK, or where the server has none XCLAIM for a consumer that nobody is, idle for longer than any lease. */
  handBack(name: string, consumer: string, ids: readonly EntryId[]): HandedBack {
    const group = this.#group(name);
    const asked = new Set(ids);
    const lost: EntryId[] = [];
    let count = 0;
    group.pending = group.pending.filter((one) => {
      if (!asked.has(one.entry.entry.id)) return true;
      const drops = !this.releases && this.#flavour !== '6.2';
      if (drops && !this.#holds(one.entry)) {
        if (one.consumer === consumer) lost.push(one.entry.entry.id);
        this.#witness.cleared(name, consumer, one.entry);
        return false;
      }
      one.consumer = this.releases ? '' : 'handed-back';
      one.deliveredAt = Number.NEGATIVE_INFINITY;
      one.deliveries = Math.max(0, one.deliveries - 1);
      count++;
      return true;
    });
    return { count, lost };
  }

  /** The script that removes a consumer. */
  leave(name: string, consumer: string): boolean {
    return this.pendingOf(name, consumer).length === 0;
  }

  timesAlone(name: string, id: EntryId): number {
    return this.#notes(name).get(id) ?? 0;
  }

  noteAlone(name: string, id: EntryId, times: number): void {
    if (times > 0) this.#notes(name).set(id, times);
    else this.#notes(name).delete(id);
  }

  unreadLoss(name: string): UnreadLoss | undefined {
    const { entries, lastOrder, added, groups } = this.#state;
    const group = groups.get(name);
    if (!group || this.#flavour === '6.2' || group.read === null) return undefined;
    const first = entries[0];
    const behindFirst = first !== undefined && group.lastOrder < first.order;
    const toCome = group.lastOrder >= lastOrder ? 0 : behindFirst ? entries.length : undefined;
    if (toCome === undefined) return undefined;
    return { count: Math.max(0, added - group.read - toCome), passed: toCome === 0 };
  }

  /** Keeps so many of the newest entries. */
  trim(keep: number): void {
    const { entries, groups } = this.#state;
    const gone = entries.splice(0, Math.max(0, entries.length - keep));
    for (const group of groups.values()) {
      for (const entry of gone) if (entry.order > group.lastOrder) group.trimmedUnread.add(entry.event);
    }
    this.#witness.trimmed(eventsOf(gone));
  }

  destroyGroup(name: string): void {
    const group = this.#state.groups.get(name);
    if (!group) return;
    this.#excuseGone(name, group);
    this.#state.groups.delete(name);
    this.#refuse((waiter) => waiter.group === name);
  }

  deleteStream(): void {
    const state = this.#state;
    for (const [name, group] of state.groups) this.#excuseGone(name, group);
    this.#witness.excused(undefined, eventsOf(state.entries));
    Object.assign(state, { entries: [], exists: false, lastOrder: 0, added: 0, groups: new Map() });
    // The next stream begins before this one did, and shares no ID with it.
    if (this.clockAt !== undefined) this.clockAt -= STREAMS_APART_MS;
    this.#refuse(() => true);
  }

  flush(): void {
    for (const [name, letters] of this.#state.deadLetters) this.#witness.excused(name, eventsOf(letters));
    this.deleteStream();
    this.#state.deadLetters = new Map();
    this.#state.alone = new Map();
    this.#state.checkpoints = new Map();
  }

  /** From now on the replica gets nothing: this is what a failover sets back to. */
  stallReplica(): void {
    this.#snapshot = copy(this.#state);
    this.#addedSinceSnapshot = [];
  }

  /** What was written since the replica stalled is gone. */
  failOver(): void {
    if (!this.#snapshot) return;
    this.#witness.excused(undefined, this.#addedSinceSnapshot);
    this.#state = this.#snapshot;
    this.#snapshot = undefined;
    this.restart();
  }

  /** Commands under way are lost. */
  restart(): void {
    this.epoch++;
    this.#waiters = [];
  }

  hasGroup(name: string): boolean {
    return this.#state.groups.has(name);
  }

  deadLetters(name: string): readonly StreamEntry[] {
    return this.#state.deadLetters.get(name) ?? [];
  }

  pending(name: string): readonly PendingEntry[] {
    return this.#state.groups.get(name)?.pending ?? [];
  }

  trimmedUnread(name: string): ReadonlySet<number> {
    return this.#state.groups.get(name)?.trimmedUnread ?? new Set();
  }

  holds(entry: StreamEntry): boolean {
    return this.#holds(entry);
  }

  /** Whether the group has read everything and nothing is pending. */
  drained(name: string): boolean {
    const group = this.#state.groups.get(name);
    return (
      group !== undefined && group.pending.length === 0 && group.lastOrder >= (this.#state.entries.at(-1)?.order ?? 0)
    );
  }

  #group(name: string): GroupState {
    const group = this.#state.groups.get(name);
    if (!group) throw new GroupVanishedError(`NOGROUP ${name}`);
    return group;
  }

  #notes(name: string): Map<EntryId, number> {
    const notes = this.#state.alone.get(name) ?? new Map<EntryId, number>();
    this.#state.alone.set(name, notes);
    return notes;
  }

  #holds(entry: StreamEntry): boolean {
    const { entries } = this.#state;
    return entries[firstAfter(entries, entry.order - 1)] === entry;
  }

  #handOut(name: string, one: PendingEntry, consumer: string): void {
    if (one.consumer !== consumer) this.#witness.takenOver(name, one.entry);
    one.consumer = consumer;
    one.deliveredAt = this.#now();
    one.deliveries++;
  }

  /** Where a group was moved back, what is pending already changes hands. */
  #makePending({ pending }: GroupState, fresh: PendingEntry): void {
    let i = pending.length;
    while (i > 0 && (pending[i - 1] as PendingEntry).entry.order >= fresh.entry.order) i--;
    const known = pending[i]?.entry.order === fresh.entry.order;
    pending.splice(i, known ? 1 : 0, fresh);
  }

  /**
   * As Redis 7.0 and, forgetting what was trimmed unread, newer ones do: whoever has lost count amid the stream knows it again
   * at the last entry.
   */
  #countRead(group: GroupState, position: number): void {
    const { entries, added } = this.#state;
    const behindFirst = group.lastOrder < (entries[0] as StreamEntry).order;
    if (group.read !== null && !(this.#flavour !== '6.2' && this.#flavour !== '7.0' && behindFirst)) group.read++;
    else if (position === 0 || position === entries.length - 1) group.read = added - entries.length + position + 1;
    else group.read = null;
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) {
      const group = this.#state.groups.get(waiter.group);
      if (!group || group.lastOrder >= this.#state.lastOrder) continue;
      this.unwait(waiter);
      waiter.answer(this.readNew(waiter.group, waiter.consumer, waiter.count));
    }
  }

  #refuse(those: (waiter: Waiter) => boolean): void {
    for (const waiter of this.#waiters.filter(those)) {
      this.unwait(waiter);
      waiter.refuse(new GroupVanishedError('UNBLOCKED the stream key no longer exists'));
    }
  }

  /** Pending entries that are no longer in the stream leave no trace behind when their group goes. */
  #excuseGone(name: string, group: GroupState): void {
    const gone = group.pending.map((one) => one.entry).filter((entry) => !this.#holds(entry));
    this.#witness.excused(name, [...eventsOf(gone), ...group.trimmedUnread]);
  }
}

function eventsOf(entries: readonly StreamEntry[]): number[] {
  return entries.map((entry) => entry.event);
}

/** The position of the first entry behind that place in the stream. */
function firstAfter(entries: readonly StreamEntry[], order: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as StreamEntry).order > order) high = middle;
    else low = middle + 1;
  }
  return low;
}

function copy(state: ServerState): ServerState {
  return {
    ...state,
    entries: [...state.entries],
    groups: new Map(
      [...state.groups].map(([name, group]) => [
        name,
        { ...group, pending: group.pending.map((one) => ({ ...one })), trimmedUnread: new Set(group.trimmedUnread) },
      ]),
    ),
    deadLetters: new Map(state.deadLetters),
    alone: new Map([...state.alone].map(([name, notes]) => [name, new Map(notes)])),
    checkpoints: new Map(state.checkpoints),
  };
}
