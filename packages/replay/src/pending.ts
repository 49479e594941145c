import type { EntryId, RedisConnection } from '@distributary/core';
import { asking } from './asking.ts';

/** An entry that was handed out and is not acknowledged. */
export interface PendingEntry {
  readonly id: EntryId;
  readonly consumer: string;
  readonly idleMs: number;
}

interface Page {
  readonly after?: EntryId | undefined;
  readonly count: number;
  readonly consumer?: string;
}

/**
 * A page of a group's pending entries, whatever their idle time: Redis would scan the whole list for the idle ones.
 * @throws RedisUnavailableError
 */
export async function pendingOf(
  connection: RedisConnection,
  { stream, group }: { readonly stream: string; readonly group: string },
  { after, count, consumer }: Page,
): Promise<PendingEntry[]> {
  const from = after === undefined ? '-' : `(${after}`;
  const whose = consumer === undefined ? [] : [consumer];
  const reply = await asking(`XPENDING (stream ${stream}, group ${group})`, () =>
    connection.call('XPENDING', stream, group, from, '+', count, ...whose),
  );
  return (reply as [id: Buffer, consumer: Buffer, idleMs: number][]).map(([id, name, idleMs]) => ({
    id: String(id) as EntryId,
    consumer: String(name),
    idleMs: Number(idleMs),
  }));
}
