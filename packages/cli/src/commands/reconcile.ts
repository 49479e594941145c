import {
  asError,
  describeRedis,
  type EntryId,
  RedisConnection,
  redisFromEnvironment,
  systemClock,
} from '@distributary/core';
import { Command } from 'commander';
import { EXIT, type ExitCode, type SetExit } from '../exit.ts';
import { count, table } from '../format.ts';
import { type FateCounts, type Reconciliation, reconcile } from '../reconciliation.ts';
import { rangeEnd, rangeStart, type StreamBound } from '../stream-bound.ts';
import { loadTeam, readTeam, type Team } from '../team.ts';
import { untilInterrupted } from '../until-interrupted.ts';
import { UsageError } from '../usage-error.ts';

interface ReconcileOptions {
  readonly from: StreamBound;
  readonly to: StreamBound;
  readonly json?: true;
}

const PROGRESS_EVERY_MS = 5_000;

const EXAMPLES = `
Examples:
  npx distributary reconcile consumers/noc                            the last hour
  npx distributary reconcile consumers/noc --from 2026-11-01T10:00 --to 2026-11-01T11:00
  npx distributary reconcile consumers/noc --from 1d --json | jq -r '.teams[].missing[]'
  npx distributary reconcile consumers/security --from 15m            what a collector should hold, minute by minute

Every entry of the stream in that range is accounted for: stored, for the destination says so; pending, a dead letter, or
still to come; or missing: acknowledged and not there. Missing entries are listed by ID, after a second look two seconds
later; npx distributary trace <id> says more of one. What was trimmed from the stream is not compared. A dead letter that
was dropped by hand is missing, for it is nowhere; so is what lay there before a group began at "now". Times are UTC; a range ends before its --to.
A destination is read back by what the package exports as audit(environment), with that team's own credentials. A
collector takes events and gives none back: then the minutes say how many are to be there, and its own search, such as
"| stats dc(distributary_id)", how many are.
Reads REDIS_URL, and what the packages' destinations need; changes nothing. Progress is on standard error.
Exit codes: 0 nothing is missing · 1 entries are missing, there is no such group, or the destination did not answer · 2 wrong
arguments or package, or one whose destination cannot be read back · 3 Redis did not answer`;

export function reconcileCommand(setExit: SetExit): Command {
  return new Command('reconcile')
    .description('compare the stream with what destinations hold, minute by minute')
    .argument('<package...>', 'folders of consumer packages, such as consumers/noc')
    .option('--from <time>', 'a time (UTC), a span ago such as 15m, or an entry ID (default: an hour ago)', rangeStart)
    .option('--to <time>', 'likewise (default: now)', rangeEnd)
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (packages: string[], { json, ...given }: Partial<ReconcileOptions>) => {
      const { from = rangeStart('1h'), to = rangeEnd('0s') } = given;
      if (from.timeMs > to.timeMs)
        throw new UsageError('The range ends before it begins. Give --from a time before --to.');
      const teams = await Promise.all(packages.map(readTeam));
      const redis = redisFromEnvironment(process.env);
      const connection = new RedisConnection(redis, 'distributary:reconcile');
      const range = { from, to };
      try {
        const reports: TeamReport[] = [];
        await untilInterrupted(async (signal) => {
          for (const team of teams) reports.push(await reportOf(team, connection, { ...range, signal }));
        });
        setExit(exitCodeFor(reports));
        const at = new Date().toISOString();
        const times = { from: isoOf(from), to: isoOf(to) };
        if (json) {
          process.stdout.write(`${JSON.stringify({ at, redis: describeRedis(redis), ...times, teams: reports })}\n`);
        } else {
          process.stdout.write(reports.map((report) => textOf(report, times)).join('\n'));
        }
      } catch (thrown) {
        if (asError(thrown).name !== 'AbortError') throw thrown;
        process.stderr.write('distributary: interrupted, so that nothing is known\n');
        setExit(EXIT.failed);
      } finally {
        connection.close();
      }
    });
}

interface TeamReport extends Reconciliation {
  readonly team: string;
}

async function reportOf(
  team: Team,
  connection: RedisConnection,
  range: { readonly from: StreamBound; readonly to: StreamBound; readonly signal: AbortSignal },
): Promise<TeamReport> {
  const { stream, group, name } = team;
  const audit = (await loadTeam(team)).audit?.(process.env);
  try {
    const found = await reconcile(connection, { ...range, stream, group, audit, onProgress: progressOf(group) });
    return { team: name, ...found };
  } finally {
    await audit?.close?.();
  }
}

function progressOf(group: string): (entries: number, last: EntryId) => void {
  let toldAt = systemClock.now();
  return (entries, last) => {
    const now = systemClock.now();
    if (now - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = now;
    process.stderr.write(`${group}: ${count(entries)} entries compared, up to ${last}\n`);
  };
}

function exitCodeFor(reports: readonly TeamReport[]): ExitCode {
  if (reports.some(({ missing }) => missing.length > 0)) return EXIT.failed;
  return reports.some(({ destination }) => destination === null) ? EXIT.usage : EXIT.done;
}

const HEADER = ['minute', 'entries', 'stored', 'missing', 'pending', 'dead letters', 'to come'];

/** Minutes that are wholly stored need no line; without a destination to ask, each of them has one to compare by. */
function textOf(report: TeamReport, { from, to }: { readonly from: string; readonly to: string }): string {
  const { team, group, stream, destination, minutes, missing, totals } = report;
  const open = minutes.filter((counts) => entriesOf(counts) !== counts.stored);
  const complete = minutes.length - open.length;
  const lines = [
    `${group} on ${stream}, ${from} to ${to}: ${summaryOf(totals, destination)}`,
    ...(destination === null ? [unreadable(team)] : []),
    ...(complete > 0
      ? [`  of ${count(minutes.length)} minutes with entries ${count(complete)} are wholly stored`]
      : []),
    ...(open.length > 0
      ? [
          table(
            HEADER,
            open.map((counts) => rowOf(counts, destination)),
          ).replace(/^/gm, '  '),
        ]
      : []),
    ...(missing.length > 0
      ? [`missing, look at each by npx distributary trace <id> consumers/${team}:`, ...missing]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

function summaryOf(totals: FateCounts, destination: string | null): string {
  const { stored, missing, acknowledged, pending, deadLetter, toCome } = totals;
  const inside = destination === null ? `${count(acknowledged)} acknowledged` : `${count(stored)} in ${destination}`;
  const rest = `${count(pending)} pending, ${count(deadLetter)} dead letters, ${count(toCome)} to come`;
  const lost = destination === null ? '' : `, ${count(missing)} missing`;
  return `${count(entriesOf(totals))} entries, ${inside}, ${rest}${lost}`;
}

function unreadable(team: string): string {
  return [
    `  What the destination of ${team} holds cannot be read back: the package exports no audit(environment). Export one`,
    '  where the destination can be searched; a collector (HEC) only takes. There, count per minute by its own search and',
    '  compare with the entries below less those pending, dead or to come:',
    '    distributary_entry_id=* | eval minute=strftime(tonumber(mvindex(split(distributary_entry_id, "-"), 0)) / 1000,',
    '    "%Y-%m-%dT%H:%M") | stats dc(distributary_id) BY minute',
  ].join('\n');
}

function rowOf({ minute, ...counts }: Reconciliation['minutes'][number], destination: string | null): string[] {
  const { stored, missing, pending, deadLetter, toCome } = counts;
  const known = destination === null ? ['unknown', 'unknown'] : [count(stored), count(missing)];
  return [
    `${minute.slice(0, 16)}Z`,
    count(entriesOf(counts)),
    ...known,
    count(pending),
    count(deadLetter),
    count(toCome),
  ];
}

function entriesOf(counts: FateCounts): number {
  const { stored, missing, acknowledged, pending, deadLetter, toCome } = counts;
  return stored + missing + acknowledged + pending + deadLetter + toCome;
}

function isoOf({ timeMs }: StreamBound): string {
  return new Date(timeMs).toISOString();
}
