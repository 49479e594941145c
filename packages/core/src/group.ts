import type { Entry, EntryId } from './entry.ts';
import type { ServerCapabilities } from './server-probe.ts';

/**
 * What is known of the server that entries came from. While an epoch is current, their IDs mean the same entries; after a failover, or in a stream that was deleted and added to again, Redis may give an ID to another entry.
 */
export type Epoch = string;

/** IDs that mean the entries that one takes them for, and when they did. */
export interface SameEntries {
  readonly ids: readonly EntryId[];
  readonly epoch: Epoch;
}

/** Entries as one command of Redis returned them. */
export interface Page {
  readonly entries: readonly Entry[];
  readonly epoch: Epoch;
  /** Pending entries that were trimmed from the stream before this group had them. */
  readonly lost: readonly EntryId[];
}

/** A page of this consumer's own pending entries; `last` is where the next page begins, undefined at the end. */
export interface OwnPage extends Page {
  readonly last: EntryId | undefined;
}

/** A page of entries taken over from others; `cursor` is where the next sweep step begins, `0-0` at the end. */
export interface ClaimedPage extends Page {
  readonly cursor: EntryId;
  /** Trimmed entries were taken over that the server did not name (Redis 6.2): reading the own pending entries does. */
  readonly unnamedLost: boolean;
}

/** Entries that were trimmed from the stream before the group read them, all told. */
export interface UnreadLoss {
  readonly count: number;
  /** Whether the group has read on since: nothing more is about to be passed over. */
  readonly passed: boolean;
}

/** What a consumer that leaves gives back to its group. */
export interface HandedBack {
  readonly count: number;
  /** Pending entries that were trimmed from the stream: nobody can have them any more. */
  readonly lost: readonly EntryId[];
}

/** The stream and the group in one look: nothing happened between one part and the other. */
export interface Survey {
  readonly firstId: EntryId | undefined;
  /** The last ID that the stream gave. */
  readonly lastGenerated: EntryId;
  /** The newest entry up to the place that was asked for. */
  readonly entry: Entry | undefined;
  /** How many dead letters the group has. */
  readonly deadLetters: number;
  /** Undefined when there is no such group. */
  readonly group: GroupProgress | undefined;
}

export interface GroupProgress {
  readonly lastDelivered: EntryId;
  readonly pending: number;
  readonly oldestPending: EntryId | undefined;
  /** Undefined where Redis does not count reads, or has lost count. */
  readonly entriesRead: number | undefined;
}

/** An entry to set aside, with what an operator needs to judge it. */
export interface DeadLetter {
  readonly entry: Entry;
  readonly verdict: DeadLetterVerdict;
  readonly reason: string;
  /** How often this process delivered the entry before it gave up, 0 when it never reached the sink. */
  readonly attempts: number;
}

export type DeadLetterVerdict = 'rejected' | 'undecodable' | 'oversize' | 'crashed';

/** One consumer's view of its group: the port between the delivery core and Redis. */
export interface Group {
  /** Connects where needed. Grows with each new connection of the reader: own pending entries are then read again. */
  connect(): Promise<number>;
  /** Creates the group, and the stream where needed. @returns false when the group was there already */
  create(startFrom: 'beginning' | 'now'): Promise<boolean>;
  /** Undefined when there is no such stream. @param upTo of which place the entry is wanted */
  survey(upTo: EntryId): Promise<Survey | undefined>;
  /** Goes on behind that place. @throws GroupVanishedError when there is no such group */
  moveTo(lastDelivered: EntryId): Promise<void>;
  /** Entries trimmed before the group read them; undefined while Redis cannot tell. */
  unreadLoss(): Promise<UnreadLoss | undefined>;
  /** Whether IDs still mean the entries that they meant then, and a command that is sent at once goes to the same server. */
  isCurrent(epoch: Epoch): boolean;
  /** Which of these entries their IDs still mean, or would if they had not been trimmed. */
  verify(entries: readonly Entry[]): Promise<SameEntries>;
  /** Entries never delivered to this group; waits up to `blockMs` for the first, not at all without it. */
  readNew(count: number, blockMs?: number): Promise<Page>;
  /** This consumer's own pending entries after the given ID. */
  readOwn(after: EntryId, count: number): Promise<OwnPage>;
  /** Takes over entries that any consumer left idle for `idleMs`. */
  claimIdle(cursor: EntryId, idleMs: number, count: number): Promise<ClaimedPage>;
  /** Takes over pending entries that have been idle for `minIdleMs`, of those asked for; the rest is others' by then. */
  claim(ids: readonly EntryId[], minIdleMs: number): Promise<Page>;
  /** How often each of these entries was handed out, those that are still pending for this consumer; IDs in the stream's order. */
  deliveryCounts(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, number>>;
  /** Resets the idle time of pending entries without counting a delivery. */
  touch(ids: readonly EntryId[]): Promise<void>;
  /** @returns how many were pending until now; undefined, and none of them acknowledged, in another epoch */
  acknowledge(ids: readonly EntryId[], epoch: Epoch): Promise<number | undefined>;
  /**
   * Stores the dead letters and acknowledges the entries with these IDs, both or neither.
   * @returns how many were pending until now; undefined, and nothing done, in another epoch
   * @param quota as many dead letters the group may have before none is added
   * @throws RedisUnavailableError; its cause is Redis's own reply only when nothing was stored
   * @throws DeadLetterQuotaError when the quota is used up; nothing was stored
   */
  setAside(letters: readonly DeadLetter[], same: SameEntries, quota?: number): Promise<number | undefined>;
  /** How many deliveries of the entry alone began and did not end. */
  timesAlone(id: EntryId): Promise<number>;
  /** Notes durably how many deliveries of the entry alone began and did not end; 0 takes the note back. */
  noteAlone(id: EntryId, times: number): Promise<void>;
  /**
   * Lets whoever looks next take over everything that is pending for this consumer, however long its lease, and takes
   * back the hand-over that is counted: a process that says goodbye has not crashed. Nothing can be read after it.
   */
  handBack(server: Pick<ServerCapabilities, 'releases'>): Promise<HandedBack>;
  /** Removes this consumer from the group unless something is pending for it. @returns whether it is gone */
  leave(): Promise<boolean>;
}
