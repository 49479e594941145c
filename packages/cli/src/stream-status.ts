import { type GroupStatus, groupKey, groupStatus, type RedisConnection } from '@distributary/core';
import { count, duration, table } from './format.ts';

/** A stream with every group that reads it. */
export interface StreamStatus {
  readonly stream: string;
  /** Entries in it; null when there is no such stream. */
  readonly length: number | null;
  readonly groups: readonly GroupStatus[];
}

/**
 * Where the groups of a stream stand: those that exist, and those that are declared and do not.
 * @throws RedisUnavailableError
 */
export async function streamStatus(
  connection: RedisConnection,
  stream: string,
  declaredGroups: readonly string[],
): Promise<StreamStatus> {
  const existing = await groupsOf(connection, stream);
  const names = [...new Set([...declaredGroups, ...existing])].sort();
  const groups = await Promise.all(names.map((group) => groupStatus(connection, { stream, group })));
  const length = Number(await connection.call('XLEN', stream));
  return { stream, length: length === 0 && existing.length === 0 ? null : length, groups };
}

async function groupsOf(connection: RedisConnection, stream: string): Promise<string[]> {
  if (Number(await connection.call('EXISTS', stream)) === 0) return [];
  const replies = (await connection.call('XINFO', 'GROUPS', stream)) as unknown[][];
  return replies.map((fields) => String(fields[fields.findIndex((field) => String(field) === 'name') + 1]));
}

const HEADER = ['group', 'lag', 'lag time', 'pending', 'oldest', 'lost', 'dead letters', 'consumers', ''];

export function statusTable({ stream, length, groups }: StreamStatus): string {
  const heading = length === null ? `${stream}: no such stream yet` : `${stream}: ${count(length)} entries`;
  if (groups.length === 0) return `${heading}\n  no group reads it: npx distributary run consumers/…\n`;
  return `${heading}\n${table(HEADER, groups.map(rowOf)).replace(/^/gm, '  ')}\n`;
}

function rowOf(group: GroupStatus): string[] {
  const { lagEntries, lagMs, pending, oldestPendingAgeMs, lost, deadLetters, consumers } = group;
  return [
    group.group,
    lagEntries === null ? 'unknown' : count(lagEntries),
    duration(lagMs),
    count(pending),
    oldestPendingAgeMs === null ? '-' : duration(oldestPendingAgeMs),
    count(lost),
    count(deadLetters),
    String(consumers.length),
    adviceFor(group),
  ];
}

/** A consumer that asked for nothing this long is dead, or cannot reach Redis. */
const SILENT_AFTER_MS = 60_000;

/** What is wrong with a group, and the one thing to do about it. */
function adviceFor({ exists, pending, lagEntries, consumers, deadLetters, group, stream }: GroupStatus): string {
  if (!exists) return 'no such group: start its consumer with npx distributary run';
  const awake = consumers.some(({ idleMs }) => idleMs < SILENT_AFTER_MS);
  const waiting = pending > 0 || lagEntries !== 0;
  if (waiting && !awake) return 'nobody reads: start its consumer with npx distributary run';
  if (deadLetters > 0) return `look at them: redis-cli XRANGE ${groupKey(stream, group, 'dead-letters')} - +`;
  return waiting ? 'catching up' : 'up to date';
}
