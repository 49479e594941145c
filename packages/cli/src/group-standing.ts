import type { GroupStatus } from '@distributary/core';
import { count, duration } from './format.ts';

/** What of a group's status tells how it fares. */
export interface GroupStanding
  extends Pick<
    GroupStatus,
    'group' | 'exists' | 'lagEntries' | 'lagMs' | 'pending' | 'oldestPendingAgeMs' | 'lost' | 'deadLetters'
  > {
  /** How many there are. */
  readonly consumers: number;
}

export function standingOf(status: GroupStatus): GroupStanding {
  const { group, exists, lagEntries, lagMs, pending, oldestPendingAgeMs, lost, deadLetters } = status;
  const consumers = status.consumers.length;
  return { group, exists, lagEntries, lagMs, pending, oldestPendingAgeMs, lost, deadLetters, consumers };
}

/** The titles of `standingCells`. */
export const STANDING_HEADER = ['lag', 'lag time', 'pending', 'oldest', 'lost', 'dead letters', 'consumers'] as const;

export function standingCells(standing: GroupStanding): string[] {
  const { lagEntries, lagMs, pending, oldestPendingAgeMs, lost, deadLetters, consumers } = standing;
  return [
    lagEntries === null ? 'unknown' : count(lagEntries),
    duration(lagMs),
    count(pending),
    oldestPendingAgeMs === null ? '-' : duration(oldestPendingAgeMs),
    count(lost),
    count(deadLetters),
    String(consumers),
  ];
}
