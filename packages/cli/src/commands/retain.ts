import {
  describeRedis,
  Janitor,
  RedisConnection,
  type RedisOptions,
  RedisUnavailableError,
  redisFromEnvironment,
  systemClock,
} from '@distributary/core';
import { Command } from 'commander';
import { positiveInteger, span } from '../arguments.ts';
import { EXIT, type SetExit } from '../exit.ts';
import { count } from '../format.ts';
import { retentionReport, retentionTable, summary } from '../retention-report.ts';
import { type RecordedReport, recordSnapshot } from '../status-history.ts';
import { readTeam, type Team } from '../team.ts';
import { UsageError } from '../usage-error.ts';

interface RetainOptions {
  /** Milliseconds. */
  readonly every?: number;
  readonly keep?: number;
  /** Milliseconds. */
  readonly forgetAfter?: number;
  readonly dryRun?: true;
  readonly json?: true;
}

/** For how long a stream stays with a janitor that was last heard of at the end of its pause. */
const LOCK_MARGIN_MS = 30_000;
const PROGRESS_EVERY_ENTRIES = 100_000;

const EXAMPLES = `
Examples:
  npx distributary retain consumers/noc consumers/security --dry-run      what would go, and for whom the rest is kept
  npx distributary retain consumers/noc consumers/security                once, such as from cron
  npx distributary retain consumers/noc consumers/security --every 30s    as a service; of several, one works at a time
  npx distributary retain consumers/* --keep 1000000                      leaves history for teams to come
  npx distributary retain consumers/* --json | jq '.streams[].groups[] | {group, lost, account}'

Give the packages of all teams: nothing is trimmed while one of their groups is missing, nor what one of them still needs.
Groups that exist and were not given are protected as well. A package may state in its package.json what its team gives
up: "distributary": { …, "retention": { "shed": { "maxEntries": 1000000, "maxAgeMs": 86400000 } } }; the default is
"protect". What was shed for whom is counted in Redis and shown here. Last, names of consumers that hold nothing and were not
heard of for an hour are removed, for pods come under new names each time; one that is alive comes back with its next read.
Each pass, at most once a minute per stream, leaves a snapshot of where every group stands: npx distributary status --since.
Reads REDIS_URL. SIGTERM or SIGINT ends it after the slice under way; with --every a failed pass is tried again.
Exit codes: 0 trimmed, or another janitor is at it, which is no failure · 1 refused: a declared group is missing, nothing
of its stream was trimmed · 2 wrong arguments or package · 3 Redis did not answer`;

export function retainCommand(setExit: SetExit): Command {
  return new Command('retain')
    .description('trim what every team has had, after asking each of them')
    .argument('<package...>', 'folders of the consumer packages whose groups have to have had an entry before it goes')
    .option('--every <span>', 'again and again with this pause, such as 30s, 5m or 1h', span)
    .option('--keep <entries>', 'leave the newest so many although every team has had them', positiveInteger)
    .option(
      '--forget-after <span>',
      'remove consumers that hold nothing and were not heard of for so long; default 1h',
      span,
    )
    .option('--dry-run', 'change nothing, say what would go')
    .option('--json', 'print one JSON object, with --every one per line')
    .addHelpText('after', EXAMPLES)
    .action(async (packages: string[], options: RetainOptions) => {
      const teams = await Promise.all(packages.map(readTeam));
      refuseTwice(teams);
      const redis = redisFromEnvironment(process.env);
      const stopping = new AbortController();
      const stop = () => stopping.abort();
      process.on('SIGTERM', stop).on('SIGINT', stop);
      try {
        setExit(await retain(teams, options, redis, stopping.signal));
      } finally {
        process.off('SIGTERM', stop).off('SIGINT', stop);
      }
    });
}

async function retain(teams: readonly Team[], options: RetainOptions, redis: RedisOptions, signal: AbortSignal) {
  const { every, keep = 0, forgetAfter: forgetAfterMs, dryRun = false } = options;
  const connection = new RedisConnection(redis, 'distributary:retain');
  const streams = [...new Set(teams.map(({ stream }) => stream))].map((stream) => {
    const own = teams.filter((team) => team.stream === stream);
    const lockMs = (every ?? 0) + LOCK_MARGIN_MS;
    const bounds = { keep, lockMs, ...(forgetAfterMs === undefined ? {} : { forgetAfterMs }) };
    return { stream, teams: own, janitor: new Janitor(connection, { stream, groups: own, ...bounds }) };
  });
  const round = async () => {
    const reports: RecordedReport[] = [];
    for (const { stream, teams: own, janitor } of streams) {
      if (signal.aborted) break;
      const pass = await janitor.pass({ dryRun, signal, onProgress: progressOf(stream, dryRun) });
      const report = await retentionReport(connection, pass, { teams: own, dryRun });
      reports.push(await recordSnapshot(connection, report));
    }
    show(reports, describeRedis(redis), options);
    return reports.some(({ outcome }) => outcome === 'missing') ? EXIT.failed : EXIT.done;
  };
  try {
    if (every === undefined) return await round();
    while (!signal.aborted) {
      await round().catch(tell);
      await systemClock.sleep(every, signal);
    }
    return EXIT.done;
  } finally {
    // What cannot be released now ends by itself.
    if (!dryRun) await Promise.all(streams.map(({ janitor }) => janitor.release().catch(() => undefined)));
    connection.close();
  }
}

function tell(thrown: unknown): void {
  if (!(thrown instanceof RedisUnavailableError)) throw thrown;
  process.stderr.write(`distributary: ${thrown.message}\n`);
}

function progressOf(stream: string, dryRun: boolean): (trimmed: number) => void {
  let told = 0;
  return (trimmed) => {
    if (trimmed - told < PROGRESS_EVERY_ENTRIES) return;
    told = trimmed;
    process.stderr.write(`${stream}: ${count(trimmed)} entries ${dryRun ? 'would be ' : ''}trimmed so far\n`);
  };
}

function show(reports: readonly RecordedReport[], redis: string, { json, every }: RetainOptions): void {
  const at = new Date().toISOString();
  if (json) {
    process.stdout.write(`${JSON.stringify({ at, redis, streams: reports })}\n`);
    return;
  }
  const heading = every === undefined ? `${redis} at ${at}\n\n` : `${at} `;
  const texts = reports.map(
    (report) => summary(report) + snapshotText(report) + (every === undefined ? retentionTable(report) : ''),
  );
  process.stdout.write(`${heading}${texts.join('\n')}`);
}

function snapshotText({ snapshotFailure }: RecordedReport): string {
  return snapshotFailure === null ? '' : `  no status snapshot was taken: ${snapshotFailure}\n`;
}

function refuseTwice(teams: readonly Team[]): void {
  const seen = new Map<string, Team>();
  for (const team of teams) {
    const key = `${team.stream} ${team.group}`;
    const other = seen.get(key);
    if (other)
      throw new UsageError(`${other.name} and ${team.name} are both ${team.group} on ${team.stream}: give one.`);
    seen.set(key, team);
  }
}
