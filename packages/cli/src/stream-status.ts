import { type GroupStatus, groupStatus, type RedisConnection } from '@distributary/core';
import { count, duration, printable, table } from './format.ts';
import { STANDING_HEADER, standingCells, standingOf } from './group-standing.ts';
import type { Team } from './team.ts';
import { type TroubleNote, troubleNotes } from './trouble-notes.ts';

/** A stream with every group that reads it. */
export interface StreamStatus {
  readonly stream: string;
  /** Entries in it; null when there is no such stream. */
  readonly length: number | null;
  readonly groups: readonly WatchedGroup[];
}

/** Where a group stands, what its package promises, and what its consumers say of a destination that takes nothing. */
export interface WatchedGroup extends GroupStatus {
  /** How far it may be behind, in seconds; null when no package says. */
  readonly lagSloSeconds: number | null;
  /** Whether it is further behind: unread entries, or the oldest pending one. */
  readonly lagSloBreached: boolean;
  readonly deadLetterQuota: number | null;
  /** What its consumers say of a destination that takes nothing; empty unless it was asked for. */
  readonly troubles: readonly TroubleNote[];
}

/** What of a declared team its status is held against. */
type Declared = Pick<Team, 'group' | 'lagSloSeconds' | 'deadLetterQuota'>;

/**
 * Where the groups of a stream stand: those that exist, and those that are declared and do not.
 * @throws RedisUnavailableError
 */
export async function streamStatus(
  connection: RedisConnection,
  stream: string,
  teams: readonly Declared[],
): Promise<StreamStatus> {
  const existing = await groupsOf(connection, stream);
  const names = [...new Set([...teams.map(({ group }) => group), ...existing])].sort();
  const standing = async (group: string) => {
    const declared = teams.find((team) => team.group === group);
    const status = await groupStatus(connection, { stream, group });
    return { ...status, ...promised(status, declared), troubles: [] };
  };
  const groups = await Promise.all(names.map(standing));
  const length = Number(await connection.call('XLEN', stream));
  return { stream, length: length === 0 && existing.length === 0 ? null : length, groups };
}

/** The same, with what consumers say of their destinations. @throws RedisUnavailableError */
export async function watchedStatus(...asked: Parameters<typeof streamStatus>): Promise<StreamStatus> {
  const [connection] = asked;
  const status = await streamStatus(...asked);
  const watched = async (group: WatchedGroup) => ({ ...group, troubles: await troubleNotes(connection, group) });
  return { ...status, groups: await Promise.all(status.groups.map(watched)) };
}

function promised(
  status: GroupStatus,
  declared: Declared | undefined,
): Pick<WatchedGroup, 'lagSloSeconds' | 'lagSloBreached' | 'deadLetterQuota'> {
  const { lagSloSeconds = null, deadLetterQuota = null } = declared ?? {};
  const lagSloBreached = lagSloSeconds !== null && behindMs(status) > lagSloSeconds * 1_000;
  return { lagSloSeconds, lagSloBreached, deadLetterQuota };
}

/** For how long the group has owed its team an entry: one that is unread, or one that is pending. */
export function behindMs({ lagMs, oldestPendingAgeMs }: Pick<GroupStatus, 'lagMs' | 'oldestPendingAgeMs'>): number {
  return Math.max(lagMs, oldestPendingAgeMs ?? 0);
}

async function groupsOf(connection: RedisConnection, stream: string): Promise<string[]> {
  if (Number(await connection.call('EXISTS', stream)) === 0) return [];
  const replies = (await connection.call('XINFO', 'GROUPS', stream)) as unknown[][];
  return replies.map((fields) => String(fields[fields.findIndex((field) => String(field) === 'name') + 1]));
}

const HEADER = ['group', ...STANDING_HEADER, ''];

export function statusTable({ stream, length, groups }: StreamStatus): string {
  const heading = length === null ? `${stream}: no such stream yet` : `${stream}: ${count(length)} entries`;
  if (groups.length === 0) return `${heading}\n  no group reads it: npx distributary run consumers/…\n`;
  const lines = [table(HEADER, groups.map(rowOf)), ...groups.flatMap(recreationOf)];
  return `${heading}\n${lines.join('\n').replace(/^/gm, '  ')}\n`;
}

function rowOf(group: WatchedGroup): string[] {
  return [group.group, ...standingCells(standingOf(group)), adviceFor(group)];
}

/** The destination's own words may be in it. */
function adviceAbout({ state, reason, remedy }: TroubleNote): string {
  return printable(remedy === undefined ? `the destination takes nothing (${state}): ${reason}` : `on hold: ${remedy}`);
}

/** Where the group last had to begin again, which entries may have come twice, and between which IDs some may be gone. */
function recreationOf({ group, recreated }: GroupStatus): string[] {
  if (!recreated) return [];
  const { at, startFrom, again, gap } = recreated;
  const place = startFrom === 'beginning' ? 'at the beginning' : `behind ${startFrom}`;
  const cameAgain = again ? `; came again, perhaps: behind ${again.after} up to ${again.upTo}` : '';
  const gone = gap
    ? `; gone, perhaps unseen: behind ${gap.after} ${gap.before ? `before ${gap.before}` : 'to the end'}`
    : '';
  return [`${group} had vanished or was set back, and began again ${place} at ${at}${cameAgain}${gone}`];
}

/** A consumer that asked for nothing this long is dead, or cannot reach Redis. */
const SILENT_AFTER_MS = 60_000;

/** What is wrong with a group, and the one thing to do about it. */
export function adviceFor(watched: WatchedGroup): string {
  const { exists, pending, lagEntries, consumers, deadLetters, deadLetterQuota, group, stream, troubles } = watched;
  if (!exists) return 'no such group: start its consumer with npx distributary run';
  const awake = consumers.some(({ idleMs }) => idleMs < SILENT_AFTER_MS);
  const waiting = pending > 0 || lagEntries !== 0;
  if (waiting && !awake) return 'nobody reads: start its consumer with npx distributary run';
  if (deadLetterQuota !== null && deadLetters >= deadLetterQuota) {
    return `on hold, for ${count(deadLetterQuota)} dead letters are all it may have: make room by npx distributary redrive or dead-letters drop, or raise deadLetterQuota`;
  }
  const [trouble] = troubles;
  if (trouble) return adviceAbout(trouble);
  if (watched.lagSloBreached) {
    const slo = duration((watched.lagSloSeconds ?? 0) * 1_000);
    return `behind by more than its ${slo}: look at its destination, or add replicas`;
  }
  if (deadLetters > 0) return `look at them: npx distributary dead-letters list --group ${group} --stream ${stream}`;
  return waiting ? 'catching up' : 'up to date';
}
