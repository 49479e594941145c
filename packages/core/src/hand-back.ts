import type { GroupIdentity } from './consumer-group.ts';
import { compareEntryIds, type EntryId } from './entry.ts';
import { failpoint } from './failpoint.ts';
import type { HandedBack } from './group.ts';
import { HANDED_BACK } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { isReply } from './redis-reply.ts';
import type { ServerCapabilities } from './server-probe.ts';
import { MAX_IDLE_MS } from './stream-consumer-options.ts';

/** Redis holds this many IDs in one XACK or XCLAIM without being blocked noticeably. */
export const MAX_IDS_PER_COMMAND = 1_000;

/** One pending entry, as XPENDING lists it. */
export type PendingRow = readonly [id: Buffer, consumer: Buffer, idleMs: number, deliveries: number];

/**
 * Hands back everything that is pending for the consumer, page by page.
 * @throws RedisUnavailableError, or Redis's own error reply; the pages before are handed back
 */
export async function handBack(
  connection: RedisConnection,
  identity: GroupIdentity,
  { releases }: Pick<ServerCapabilities, 'releases'>,
): Promise<HandedBack> {
  const { stream, group, consumer } = identity;
  let count = 0;
  const lost: EntryId[] = [];
  let from: string | undefined = '-';
  while (from !== undefined) {
    const reply = await connection.call('XPENDING', stream, group, from, '+', MAX_IDS_PER_COMMAND, consumer);
    const rows = reply as PendingRow[];
    await failpoint('before-hand-back');
    const released = releases ? await release(connection, identity, rows) : undefined;
    const page = released ?? (await leaveIdle(connection, identity, rows));
    count += page.count;
    lost.push(...page.lost);
    await failpoint('after-hand-back');
    from = rows.length < MAX_IDS_PER_COMMAND ? undefined : `(${rows.at(-1)?.[0].toString('latin1')}`;
  }
  return { count, lost: lost.sort(compareEntryIds) };
}

/**
 * Redis 8.8 keeps released entries without a consumer, first among what is taken over; trimmed ones as well.
 * @returns undefined where this user may not
 */
async function release(
  connection: RedisConnection,
  { stream, group }: GroupIdentity,
  rows: readonly PendingRow[],
): Promise<HandedBack | undefined> {
  if (rows.length === 0) return undefined;
  const ids = rows.map(([id]) => id);
  try {
    const released = await connection.call('XNACK', stream, group, 'SILENT', 'IDS', ids.length, ...ids);
    return { count: Number(released), lost: [] };
  } catch (thrown) {
    if (isReply(thrown, 'NOPERM')) return undefined;
    throw thrown;
  }
}

/** Claims them for nobody, idle for as long as any lease; from Redis 7.0 on, that drops the trimmed ones. */
async function leaveIdle(
  connection: RedisConnection,
  { stream, group, consumer }: GroupIdentity,
  rows: readonly PendingRow[],
): Promise<HandedBack> {
  let count = 0;
  const lost: EntryId[] = [];
  for (const [deliveries, some] of Map.groupBy(rows, ([, , , times]) => Number(times))) {
    const ids = some.map(([id]) => id.toString('latin1') as EntryId);
    const [first, last] = [ids[0], ids.at(-1)] as [EntryId, EntryId];
    const counted = Math.max(0, deliveries - 1);
    // Pending right before it is claimed and not claimed: trimmed. The others were acknowledged since the page was read.
    const replies = await connection.transaction([
      ['XPENDING', stream, group, first, last, MAX_IDS_PER_COMMAND, consumer],
      ['XCLAIM', stream, group, HANDED_BACK, 0, ...ids, 'IDLE', MAX_IDLE_MS, 'RETRYCOUNT', counted, 'JUSTID'],
    ]);
    const refused = replies.find((reply) => reply instanceof Error);
    if (refused) throw refused;
    const [pending, claimed] = replies as [PendingRow[], unknown[]];
    const handed = new Set(claimed.map(String));
    const still = new Set(pending.map(([id]) => String(id)));
    count += handed.size;
    lost.push(...ids.filter((id) => still.has(id) && !handed.has(id)));
  }
  return { count, lost };
}
