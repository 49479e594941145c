import { asError, type Entry, explainReply, type RedisConnection, StreamHistory, streamKey } from '@distributary/core';
import { type GroupStanding, standingOf } from './group-standing.ts';
import type { RetentionReport } from './retention-report.ts';
import type { StreamBound } from './stream-bound.ts';

/** Where every group of a stream stood at one moment. */
export interface StatusSnapshot {
  /** By the clock of Redis. */
  readonly at: string;
  /** Entries in the stream; null when there was no such stream. */
  readonly length: number | null;
  readonly groups: readonly GroupStanding[];
}

/** A pass and what became of its snapshot. */
export interface RecordedReport extends RetentionReport {
  /** Why there is no snapshot although one was due; null otherwise. */
  readonly snapshotFailure: string | null;
}

/** A week at one a minute. Redis removes whole nodes, so that there may be up to a hundred more. */
const KEPT_SNAPSHOTS = 10_080;

/**
 * Adds a snapshot unless there is one of this minute, whoever took it. Which minute that was stands in a field: the IDs of
 * a stream do not follow a clock that is set back.
 */
const RECORD = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest and math.floor(newest[2][2] / 60000) == math.floor(now / 60000) then return end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'at', string.format('%.0f', now), 'snapshot', ARGV[2])
`;

/**
 * Adds where a pass left every group to the stream's history, at most once a minute however many janitors there are, and
 * only behind a pass that held the lock. Never throws, for the pass has done its work.
 */
export async function recordSnapshot(connection: RedisConnection, report: RetentionReport): Promise<RecordedReport> {
  const { stream, outcome, dryRun, length, groups } = report;
  const nothingFailed = { ...report, snapshotFailure: null };
  if (dryRun || outcome === 'locked' || outcome === 'lockLost') return nothingFailed;
  const key = streamKey(stream, 'history');
  const snapshot = JSON.stringify({ length, groups: groups.map(standingOf) });
  try {
    await connection.call('EVAL', RECORD, 1, key, KEPT_SNAPSHOTS, snapshot);
    return nothingFailed;
  } catch (thrown) {
    return { ...report, snapshotFailure: explainReply(asError(thrown), `adding a snapshot to ${key}`).message };
  }
}

/** The snapshots that are kept, oldest first. @throws RedisUnavailableError */
export async function snapshotsFrom(
  connection: RedisConnection,
  stream: string,
  from: StreamBound,
): Promise<StatusSnapshot[]> {
  const snapshots: StatusSnapshot[] = [];
  const history = new StreamHistory(connection, streamKey(stream, 'history'));
  for await (const page of history.pages({ from: from.place, to: '+' })) snapshots.push(...page.map(snapshotOf));
  return snapshots;
}

function snapshotOf(entry: Entry): StatusSnapshot {
  const { length, groups } = JSON.parse(entry.text('snapshot') ?? '{}') as Omit<StatusSnapshot, 'at'>;
  return { at: new Date(Number(entry.text('at'))).toISOString(), length, groups };
}
