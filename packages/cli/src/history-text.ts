import { count, table } from './format.ts';
import { type GroupStanding, STANDING_HEADER, standingCells } from './group-standing.ts';
import type { StatusSnapshot } from './status-history.ts';
import { behindMs } from './stream-status.ts';

/** What is kept of one stream. */
interface KeptHistory {
  readonly stream: string;
  readonly snapshots: readonly StatusSnapshot[];
}

interface Standing extends GroupStanding {
  readonly at: string;
}

const MAX_ROWS = 40;
const HEADER = ['at', ...STANDING_HEADER];

/**
 * A table per group, oldest row first. Of more than 40 snapshots as many in a row share one row as it takes, which shows
 * the one in which the group was furthest behind, so that even a short spell is seen.
 */
export function historyText({ stream, snapshots }: KeptHistory, since: string): string {
  if (snapshots.length === 0) {
    return `${stream}: no snapshots since ${since}: npx distributary retain consumers/… --every 1m takes one a minute\n`;
  }
  const inRow = Math.ceil(snapshots.length / MAX_ROWS);
  const thinned = inRow === 1 ? '' : `; a row is the worst of ${count(inRow)} in a row`;
  const names = [...new Set(snapshots.flatMap(({ groups }) => groups.map(({ group }) => group)))].sort();
  const texts = names.map((name) => {
    const rows = chunksOf(standingsOf(snapshots, name), inRow).map(worstOf).map(rowOf);
    return `  ${name}\n${table(HEADER, rows).replace(/^/gm, '    ')}\n`;
  });
  const snapshotsText = `${count(snapshots.length)} ${snapshots.length === 1 ? 'snapshot' : 'snapshots'}`;
  return `${stream}: ${snapshotsText} since ${since}${thinned}\n${texts.join('')}`;
}

function standingsOf(snapshots: readonly StatusSnapshot[], name: string): Standing[] {
  return snapshots.flatMap(({ at, groups }) =>
    groups.filter(({ group }) => group === name).map((standing) => ({ ...standing, at })),
  );
}

function chunksOf(standings: readonly Standing[], size: number): Standing[][] {
  return Array.from({ length: Math.ceil(standings.length / size) }, (_, i) =>
    standings.slice(i * size, (i + 1) * size),
  );
}

/** Of equals the newest. */
function worstOf(standings: readonly Standing[]): Standing {
  return standings.reduce((worst, next) => (badness(next) >= badness(worst) ? next : worst));
}

function badness({ exists, ...standing }: Standing): number {
  return exists ? behindMs(standing) : Infinity;
}

function rowOf(standing: Standing): string[] {
  const minute = `${standing.at.slice(0, 16)}Z`;
  return standing.exists ? [minute, ...standingCells(standing)] : [minute, 'no such group'];
}
