import { type GroupStatus, groupKey, groupStatus, type RedisConnection } from '@distributary/core';
import { count, duration } from '../format.ts';
import { behindMs } from '../stream-status.ts';
import { givenPath, type Team } from '../team.ts';
import { answered, type Finding, ok, problem, warning } from './finding.ts';

/** New entries get IDs behind the newest one: one from the future makes every time that is taken from an ID wrong. */
const MAX_FUTURE_MS = 60_000;

/** At so much of its quota somebody had better look. */
const QUOTA_WARNING_SHARE = 0.8;

/**
 * Where a declared group stands, held against what its package promises.
 * @param awayAfterMs a consumer that asked for nothing this long is away
 * @throws RedisUnavailableError
 */
export async function groupFindings(connection: RedisConnection, team: Team, awayAfterMs: number): Promise<Finding[]> {
  const { stream, group } = team;
  const status = await groupStatus(connection, { stream, group });
  const letters = deadLetterFinding(status, team);
  const future = await futureFinding(connection, stream);
  if (!status.exists) {
    const remedy = `start its consumer, which creates it: npx distributary run ${givenPath(team)}`;
    return [problem('group', `${group} does not exist on ${stream}`, remedy), ...future, letters];
  }
  return [
    ok('group', `${group} exists on ${stream}`),
    ...future,
    lagFinding(status, team),
    ...readerFindings(status, givenPath(team), awayAfterMs),
    letters,
  ];
}

async function futureFinding(connection: RedisConnection, stream: string): Promise<Finding[]> {
  const about = (await answered(connection.call('XINFO', 'STREAM', stream))) as unknown[] | undefined;
  if (!about) return [];
  const newest = String(about[about.findIndex((part) => String(part) === 'last-generated-id') + 1]);
  const aheadMs = Number.parseInt(newest, 10) - Date.now();
  if (aheadMs <= MAX_FUTURE_MS) return [];
  return [
    problem(
      'clock',
      `the newest ID of ${stream}, ${newest}, is ${duration(aheadMs)} in the future: until then every entry is taken for one of that time`,
      "mend the clock of Redis's host, and find who adds entries with IDs of their own: only XADD with * may",
    ),
  ];
}

function lagFinding(status: GroupStatus, { lagSloSeconds }: Team): Finding {
  const { lagEntries, pending, lagMs, oldestPendingAgeMs } = status;
  const unread = `${lagEntries === null ? 'an unknown number of' : count(lagEntries)} entries unread (${duration(lagMs)})`;
  const owed = `${count(pending)} pending${oldestPendingAgeMs === null ? '' : `, the oldest for ${duration(oldestPendingAgeMs)}`}`;
  if (lagSloSeconds === undefined) return ok('lag', `${unread}, ${owed}; no lagSlo is declared`);
  const slo = duration(lagSloSeconds * 1_000);
  if (behindMs(status) <= lagSloSeconds * 1_000) return ok('lag', `${unread}, ${owed}; lagSlo ${slo}`);
  return problem(
    'lag',
    `${unread}, ${owed}: more than its lagSlo of ${slo}`,
    "look for a hold or an outage in the consumer's log; if it delivers, run more with --replicas",
  );
}

function readerFindings(status: GroupStatus, path: string, awayAfterMs: number): Finding[] {
  const { consumers, pending, lagEntries, stream, group } = status;
  const away = consumers.filter(({ idleMs }) => idleMs >= awayAfterMs);
  const names = away.map(({ name, idleMs, pending: held }) => {
    const says = `${name} has asked for nothing for ${duration(idleMs)}, and holds ${count(held)} entries`;
    const remedy =
      held > 0
        ? 'start another consumer of the group, which takes them over; then remove the name'
        : `if it does not come back: redis-cli XGROUP DELCONSUMER ${stream} ${group} ${name}`;
    return warning('consumers', says, remedy);
  });
  if (consumers.length > away.length) return [ok('consumers', `${consumers.length - away.length} at work`), ...names];
  const remedy = `start its consumer: npx distributary run ${path}`;
  const waiting = pending > 0 || lagEntries !== 0;
  return [
    waiting
      ? problem('consumers', 'entries wait, and nobody reads', remedy)
      : warning('consumers', 'nobody reads', remedy),
    ...names,
  ];
}

function deadLetterFinding({ deadLetters, stream, group }: GroupStatus, { deadLetterQuota }: Team): Finding {
  const key = groupKey(stream, group, 'dead-letters');
  const look = `find out why: redis-cli XRANGE ${key} - +`;
  if (deadLetterQuota === undefined) {
    if (deadLetters === 0) return ok('dead letters', 'none');
    return warning('dead letters', `${count(deadLetters)}, and no deadLetterQuota is declared`, look);
  }
  const says = `${count(deadLetters)} of ${count(deadLetterQuota)}`;
  if (deadLetters >= deadLetterQuota) {
    return problem(
      'dead letters',
      `${says}: its consumers hold`,
      `make room in ${key}, or raise deadLetterQuota; ${look}`,
    );
  }
  if (deadLetters >= QUOTA_WARNING_SHARE * deadLetterQuota) return warning('dead letters', says, look);
  return ok('dead letters', says);
}
