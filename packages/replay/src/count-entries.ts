import type { EntryId, EntryRange, RedisConnection } from '@distributary/core';
import { asking } from './asking.ts';

/** How many a script looks at before it lets others have their turn: about a millisecond. */
const SLICE = 1_000;

const COUNT = `
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])
local last = found[#found]
return {#found, last and last[1] or ''}
`;

/** How many entries a range holds, and the last of them, without fetching any. @throws RedisUnavailableError */
export async function countEntries(
  connection: RedisConnection,
  stream: string,
  { from, to }: EntryRange,
): Promise<{ readonly count: number; readonly last: EntryId | undefined }> {
  let count = 0;
  let last: EntryId | undefined;
  for (let next = from; ; ) {
    const reply = await asking(`counting the entries of ${stream}`, () =>
      connection.call('EVAL', COUNT, 1, stream, next, to, SLICE),
    );
    const [found, id] = reply as [number, Buffer];
    count += Number(found);
    if (Number(found) > 0) last = String(id) as EntryId;
    if (Number(found) < SLICE) return { count, last };
    next = `(${last}`;
  }
}
