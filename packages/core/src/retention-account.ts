import type { EntryId } from './entry.ts';
import { asError, DistributaryError } from './errors.ts';
import { groupKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { explainReply } from './redis-reply.ts';
import type { ShedRange } from './retention-script.ts';

/** What the janitor ever trimmed that one group had not acknowledged: exact, and kept beside the stream. */
export interface ShedAccount {
  /** Never handed out to the group. The `lost` of its status counts these, too, for as long as Redis remembers. */
  readonly unread: number;
  /** Handed out and not acknowledged: a consumer that had them in hand may have delivered them yet. */
  readonly pending: number;
  /** The newest ranges, newest first. */
  readonly ranges: readonly (Omit<ShedRange, 'group'> & { readonly at: string })[];
}

/**
 * @param ranges how many of the newest to read; the sums are of all
 * @throws RedisUnavailableError
 */
export async function shedAccount(
  connection: RedisConnection,
  { stream, group }: { readonly stream: string; readonly group: string },
  ranges: number = 10,
): Promise<ShedAccount> {
  const key = groupKey(stream, group, 'shed');
  let replies: [Buffer, Buffer[]][];
  try {
    replies = (await connection.call('XREVRANGE', key, '+', '-', 'COUNT', Math.max(1, ranges))) as typeof replies;
  } catch (thrown) {
    throw explainReply(asError(thrown), `account of what group ${group} on stream ${stream} had to give up`);
  }
  const records = replies.map(([id, parts]) => recordOf(key, String(id), parts));
  return {
    unread: records[0]?.unreadTotal ?? 0,
    pending: records[0]?.pendingTotal ?? 0,
    ranges: records.slice(0, ranges).map(({ range }) => range),
  };
}

function recordOf(key: string, id: string, parts: readonly Buffer[]) {
  const fields = new Map(
    parts.map((part, i) => [String(part), String(parts[i + 1])] as const).filter((_, i) => i % 2 === 0),
  );
  const number = (name: string) => {
    const value = Number(fields.get(name));
    if (Number.isSafeInteger(value)) return value;
    throw new DistributaryError('PAYLOAD', `Entry ${id} of ${key} is not the janitor's: it has no number ${name}.`);
  };
  return {
    unreadTotal: number('unread-total'),
    pendingTotal: number('pending-total'),
    range: {
      from: fields.get('from') as EntryId,
      to: fields.get('to') as EntryId,
      unread: number('unread'),
      pending: number('pending'),
      at: new Date(Number.parseInt(id, 10)).toISOString(),
    },
  };
}
