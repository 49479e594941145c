import type { Checkpoint } from './checkpoint.ts';
import { CheckpointKey, type RecreationRecord } from './checkpoint-key.ts';
import { compareEntryIds, type EntryId } from './entry.ts';
import { asError, DistributaryError } from './errors.ts';
import type { UnreadLoss } from './group.ts';
import { groupKey, HANDED_BACK } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { explainReply, isReply } from './redis-reply.ts';

/** Where one group stands in its stream. */
export interface GroupStatus {
  readonly stream: string;
  readonly group: string;
  /** False when the stream or the group does not exist (yet); every number is then 0 or null. */
  readonly exists: boolean;
  /** Entries in the stream. */
  readonly length: number;
  /** Entries ever added to the stream, and ever handed out to the group; null where Redis does not count them. */
  readonly entriesAdded: number | null;
  readonly entriesRead: number | null;
  /** Entries handed out and not yet acknowledged. */
  readonly pending: number;
  /** Since the oldest pending entry was added, in milliseconds; null when nothing is pending. */
  readonly oldestPendingAgeMs: number | null;
  readonly oldestPendingId: EntryId | null;
  /**
   * Entries not yet handed out to the group; null when Redis cannot count them (after a failover, or before Redis 7.0).
   * Too high by what was lost unseen while the group is amid the stream.
   */
  readonly lagEntries: number | null;
  /** Between the last entry handed out and the newest of the stream, in milliseconds: always known. */
  readonly lagMs: number;
  /**
   * Entries trimmed from the stream before they were handed out to the group: exact until the group reads on, then
   * forgotten by Redis 7.2 and newer and a lower bound on 7.0; 0 before that, where Redis does not count reads. A group
   * that has read nothing yet counts what was gone before it was created, too.
   */
  readonly lost: number;
  readonly deadLetters: number;
  readonly lastDeliveredId: EntryId | null;
  /** Where the group would begin again if it vanished now and the stream did not; null where there is none, or an unreadable one. */
  readonly checkpoint: Checkpoint | null;
  /** The last time that the group began again because it had vanished or was set back; null when it never did. */
  readonly recreated: RecreationRecord | null;
  /** What was handed back is pending for none of them until one takes it over. */
  readonly consumers: readonly ConsumerStatus[];
}

export interface ConsumerStatus {
  readonly name: string;
  readonly pending: number;
  /** Since the consumer last asked for anything, in milliseconds. */
  readonly idleMs: number;
}

/**
 * Asks Redis where a group stands. Costs a few sub-millisecond commands; changes nothing.
 * @throws RedisUnavailableError
 */
export async function groupStatus(
  connection: RedisConnection,
  { stream, group }: { readonly stream: string; readonly group: string },
): Promise<GroupStatus> {
  try {
    const deadLetters = Number(await connection.call('XLEN', groupKey(stream, group, 'dead-letters')));
    const kept = await keptOutside(connection, { stream, group });
    const found = await findGroup(connection, stream, group);
    if (!found) return { ...ABSENT, stream, group, deadLetters, ...kept };
    const [summary, consumers] = await Promise.all([
      connection.call('XPENDING', stream, group),
      groupConsumers(connection, { stream, group }),
    ]);
    const [pending, oldest] = summary as [number, Buffer | null];
    const oldestPendingId = oldest === null ? null : (String(oldest) as EntryId);
    return {
      stream,
      group,
      exists: true,
      length: found.stream.length,
      entriesAdded: found.stream.added,
      entriesRead: readOf(found),
      pending: Number(pending),
      oldestPendingId,
      oldestPendingAgeMs: oldestPendingId && Math.max(0, Date.now() - Number.parseInt(oldestPendingId, 10)),
      ...standing(found),
      deadLetters,
      ...kept,
      consumers: consumers.filter(({ name }) => name !== HANDED_BACK),
    };
  } catch (thrown) {
    throw explainReply(asError(thrown), `status of group ${group} on stream ${stream}`);
  }
}

/**
 * What the group has lost unread; undefined amid the stream, before its first read, and where Redis does not count reads.
 * @throws Error as Redis replied
 */
export async function unreadLoss(
  connection: RedisConnection,
  { stream, group }: { readonly stream: string; readonly group: string },
): Promise<UnreadLoss | undefined> {
  const found = await findGroup(connection, stream, group);
  if (!found || found.stream.added === null || found.group.read === null) return undefined;
  const { toCome, lost } = progress(found);
  return toCome === null ? undefined : { count: lost, passed: toCome === 0 };
}

/**
 * Every name in the group, that for what was handed back included.
 * @throws Error as Redis replied
 */
export async function groupConsumers(
  connection: RedisConnection,
  { stream, group }: { readonly stream: string; readonly group: string },
): Promise<ConsumerStatus[]> {
  return ((await connection.call('XINFO', 'CONSUMERS', stream, group)) as unknown[]).map(consumerOf);
}

async function keptOutside(
  connection: RedisConnection,
  identity: { readonly stream: string; readonly group: string },
): Promise<Pick<GroupStatus, 'checkpoint' | 'recreated'>> {
  const key = new CheckpointKey(connection, identity);
  const readable = (thrown: unknown) => {
    if (thrown instanceof DistributaryError && thrown.code === 'CHECKPOINT') return undefined;
    throw thrown;
  };
  return {
    checkpoint: (await key.load().catch(readable)) ?? null,
    recreated: (await key.loadRecreation().catch(readable)) ?? null,
  };
}

const ABSENT = {
  exists: false,
  length: 0,
  entriesAdded: null,
  entriesRead: null,
  pending: 0,
  oldestPendingAgeMs: null,
  oldestPendingId: null,
  lagEntries: null,
  lagMs: 0,
  lost: 0,
  lastDeliveredId: null,
  consumers: [],
} as const;

interface Found {
  readonly stream: { length: number; lastId: EntryId; firstId: EntryId | null; added: number | null };
  readonly group: { lastDelivered: EntryId; read: number | null; lag: number | null };
}

async function findGroup(connection: RedisConnection, stream: string, group: string): Promise<Found | undefined> {
  let replies: unknown[];
  try {
    replies = await Promise.all([
      connection.call('XINFO', 'STREAM', stream),
      connection.call('XINFO', 'GROUPS', stream),
    ]);
  } catch (thrown) {
    if (isReply(thrown, 'ERR no such key')) return undefined;
    throw thrown;
  }
  const about = fieldsOf(replies[0]);
  const of = (replies[1] as unknown[]).map(fieldsOf).find((candidate) => String(candidate.get('name')) === group);
  if (!of) return undefined;
  const first = about.get('first-entry');
  return {
    stream: {
      length: Number(about.get('length')),
      lastId: String(about.get('last-generated-id')) as EntryId,
      firstId: Array.isArray(first) ? (String(first[0]) as EntryId) : null,
      added: numberOrNull(about.get('entries-added')),
    },
    group: {
      lastDelivered: String(of.get('last-delivered-id')) as EntryId,
      read: numberOrNull(of.get('entries-read')),
      lag: numberOrNull(of.get('lag')),
    },
  };
}

/**
 * Redis's own `lag` counts entries that were trimmed unread as still to come (redis/redis#13957). What is still to come
 * is known of a group that has everything or nothing of what the stream holds: what was added and neither read nor still
 * to come is lost. Of a group in between, the entries that are gone and cannot all have been read are known to be.
 */
function progress({ stream, group }: Found): { readonly toCome: number | null; readonly lost: number } {
  const { lastDelivered } = group;
  const caughtUp = compareEntryIds(lastDelivered, stream.lastId) >= 0;
  const behindFirst = stream.firstId !== null && compareEntryIds(lastDelivered, stream.firstId) < 0;
  const toCome = caughtUp ? 0 : behindFirst ? stream.length : null;
  const read = readOf({ group });
  const unaccounted = stream.added === null || read === null ? 0 : stream.added - read - (toCome ?? stream.length);
  return { toCome, lost: Math.max(0, unaccounted) };
}

/** Redis counts nothing before the first read. */
function readOf({ group }: Pick<Found, 'group'>): number | null {
  return group.read ?? (group.lastDelivered === '0-0' ? 0 : null);
}

function standing(found: Found): Pick<GroupStatus, 'lost' | 'lagEntries' | 'lagMs' | 'lastDeliveredId'> {
  const { group } = found;
  const { toCome, lost } = progress(found);
  return {
    lost,
    lagEntries: toCome ?? (group.lag === null ? null : group.lag - lost),
    lagMs: toCome === 0 ? 0 : lagMs(found),
    lastDeliveredId: group.lastDelivered,
  };
}

function lagMs({ stream, group }: Found): number {
  if (group.lastDelivered === '0-0') return unreadSpan(stream);
  return Math.max(0, Number.parseInt(stream.lastId, 10) - Number.parseInt(group.lastDelivered, 10));
}

function unreadSpan(stream: Found['stream']): number {
  return stream.firstId === null ? 0 : Number.parseInt(stream.lastId, 10) - Number.parseInt(stream.firstId, 10);
}

function consumerOf(reply: unknown): ConsumerStatus {
  const fields = fieldsOf(reply);
  return {
    name: String(fields.get('name')),
    pending: Number(fields.get('pending')),
    idleMs: Number(fields.get('idle')),
  };
}

/** A flat list of names and values, as RESP2 sends a map. */
export function fieldsOf(reply: unknown): Map<string, unknown> {
  const flat = reply as unknown[];
  return new Map(Array.from({ length: flat.length / 2 }, (_, i) => [String(flat[2 * i]), flat[2 * i + 1]]));
}

export function numberOrNull(reply: unknown): number | null {
  return reply === null || reply === undefined ? null : Number(reply);
}
