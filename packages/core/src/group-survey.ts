import { Entry, type EntryId } from './entry.ts';
import type { GroupProgress, Survey } from './group.ts';
import { fieldsOf, numberOrNull } from './group-status.ts';
import { groupKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { isReply } from './redis-reply.ts';

/**
 * Looks at a stream and one of its groups in one transaction, which is what makes the parts agree.
 * @param upTo of which place the newest entry at or before it is wanted
 * @returns undefined when there is no such stream
 * @throws Error as Redis replied
 */
export async function surveyGroup(
  connection: RedisConnection,
  { stream, group }: { readonly stream: string; readonly group: string },
  upTo: EntryId,
): Promise<Survey | undefined> {
  const replies = await connection.transaction([
    ['XINFO', 'STREAM', stream],
    ['XREVRANGE', stream, upTo, '-', 'COUNT', 1],
    ['XINFO', 'GROUPS', stream],
    ['XPENDING', stream, group],
    ['XLEN', groupKey(stream, group, 'dead-letters')],
  ]);
  const [about, newest, groups, pending, deadLetters] = replies;
  if (about instanceof Error && isReply(about, 'ERR no such key')) return undefined;
  const failed = replies.find((reply) => reply instanceof Error && !isReply(reply, 'NOGROUP'));
  if (failed !== undefined) throw failed;
  const fields = fieldsOf(about);
  const [first] = (fields.get('first-entry') ?? []) as Buffer[];
  const [entry] = newest as [id: Buffer, parts: Buffer[]][];
  return {
    firstId: first && idOf(first),
    lastGenerated: idOf(fields.get('last-generated-id')),
    entry: entry && new Entry(idOf(entry[0]), entry[1]),
    deadLetters: Number(deadLetters),
    group: progressOf((groups as unknown[]).map(fieldsOf), group, pending),
  };
}

function progressOf(
  groups: readonly ReadonlyMap<string, unknown>[],
  name: string,
  pending: unknown,
): GroupProgress | undefined {
  const group = groups.find((candidate) => String(candidate.get('name')) === name);
  if (!group) return undefined;
  const [count, oldest] = pending as [number, Buffer | null];
  return {
    lastDelivered: idOf(group.get('last-delivered-id')),
    pending: Number(count),
    oldestPending: oldest === null ? undefined : idOf(oldest),
    entriesRead: numberOrNull(group.get('entries-read')) ?? undefined,
  };
}

function idOf(reply: unknown): EntryId {
  return String(reply) as EntryId;
}
