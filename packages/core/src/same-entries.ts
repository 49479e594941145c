import { compareEntryIds, Entry, type EntryId } from './entry.ts';
import { fieldsOf } from './group-status.ts';
import type { RedisConnection } from './redis-connection.ts';
import { isReply } from './redis-reply.ts';

/**
 * Of these entries, the IDs that do not mean another entry in the stream: it holds the same one there, or has gone beyond
 * that place and holds none, so that it never will.
 * @throws Error as Redis replied
 */
export async function sameEntries(
  connection: RedisConnection,
  stream: string,
  entries: readonly Entry[],
): Promise<EntryId[]> {
  const [about, ...ranges] = await connection.transaction([
    ['XINFO', 'STREAM', stream],
    ...entries.map(({ id }): [string, ...string[]] => ['XREVRANGE', stream, id, id]),
  ]);
  if (about instanceof Error && isReply(about, 'ERR no such key')) return [];
  const failed = [about, ...ranges].find((reply) => reply instanceof Error);
  if (failed !== undefined) throw failed;
  const lastGenerated = String(fieldsOf(about).get('last-generated-id')) as EntryId;
  const isSame = (entry: Entry, i: number) => {
    const [held] = ranges[i] as [id: Buffer, parts: Buffer[]][];
    return held ? entry.equals(new Entry(entry.id, held[1])) : compareEntryIds(entry.id, lastGenerated) <= 0;
  };
  return entries.filter(isSame).map(({ id }) => id);
}
