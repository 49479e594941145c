import { type EntryId, groupKey, type RedisConnection, StreamHistory } from '@distributary/core';
import { asking, transacting } from './asking.ts';
import { auditCommand } from './audit.ts';
import { countEntries } from './count-entries.ts';

interface OfGroup {
  readonly stream: string;
  readonly group: string;
}

/** Where a group is to go on: at the oldest entry, behind the newest, or with the first entry from that ID on. */
export type SeekTarget = 'beginning' | 'now' | EntryId;

/** What moving a group would mean. */
export interface SeekPlan {
  /** The last entry handed out so far. */
  readonly from: EntryId;
  /** The last entry that would then count as handed out. */
  readonly to: EntryId;
  /** Entries that the group has not had and would never get. */
  readonly skipped: number;
  /** Entries that the group has had and would get again. */
  readonly repeated: number;
}

const START: EntryId = '0-0';

/**
 * Counts what moving a group that stands at `from` would skip and repeat; changes nothing. What is pending stays so.
 * @throws RedisUnavailableError
 */
export async function planSeek(
  connection: RedisConnection,
  { stream }: OfGroup,
  from: EntryId,
  target: SeekTarget,
): Promise<SeekPlan> {
  const to = await positionOf(connection, stream, target);
  const [skipped, repeated] = await Promise.all([
    countEntries(connection, stream, { from: `(${from}`, to }),
    countEntries(connection, stream, { from: `(${to}`, to: from }),
  ]);
  return { from, to, skipped: skipped.count, repeated: repeated.count };
}

/**
 * Moves the group and says so in its audit, in one transaction.
 * @throws RedisUnavailableError
 */
export async function seek(connection: RedisConnection, ofGroup: OfGroup, plan: SeekPlan): Promise<void> {
  const { stream, group } = ofGroup;
  const about = `XGROUP SETID (stream ${stream}, group ${group})`;
  // EXEC goes on behind a command that fails: what cannot be written is found out before.
  await asking(about, () => connection.call('XLEN', groupKey(stream, group, 'audit')));
  await transacting(connection, about, [
    ['XGROUP', 'SETID', stream, group, plan.to],
    auditCommand(ofGroup, 'seek', plan),
  ]);
}

/** The ID behind which the group is to go on. */
async function positionOf(connection: RedisConnection, stream: string, target: SeekTarget): Promise<EntryId> {
  const history = new StreamHistory(connection, stream);
  if (target === 'now') return history.lastId();
  if (target !== 'beginning') return before(target);
  // Not 0-0, from which whatever was ever trimmed would count as lost.
  const [first] = await history.page({ from: '-', to: '+' }, 1);
  return first ? before(first.id) : START;
}

function before(id: EntryId): EntryId {
  const [ms = 0n, sequence = 0n] = id.split('-').map(BigInt);
  if (sequence > 0n) return `${ms}-${sequence - 1n}` as EntryId;
  return ms > 0n ? (`${ms - 1n}-18446744073709551615` as EntryId) : START;
}
