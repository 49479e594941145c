import { describeRedis, Janitor, RedisConnection, type RedisOptions, redisFromEnvironment } from '@distributary/core';
import { Command } from 'commander';
import { positiveInteger, span } from '../arguments.ts';
import { EXIT, type SetExit } from '../exit.ts';
import { count } from '../format.ts';
import { type KeptStream, keepPassing } from '../repeated-passes.ts';
import { retentionReport, retentionTable, summary } from '../retention-report.ts';
import { type RecordedReport, recordSnapshot } from '../status-history.ts';
import { readTeam, type Team } from '../team.ts';
import { untilInterrupted } from '../until-interrupted.ts';
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

const PROGRESS_EVERY_ENTRIES = 100_000;

const EXAMPLES = `
Examples:
  npx distributary retain consumers/noc consumers/security --dry-run      what would go, and for whom the rest is kept
  npx distributary retain consumers/noc consumers/security                once, such as from cron
  npx distributary retain consumers/noc consumers/security --every 30s    as a service; of several, one makes each pass
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
    .option('--every <span>', 'again and again, once in 30s, 5m or 1h however many processes do so', span)
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
      if (options.dryRun && options.every !== undefined)
        throw new UsageError('--dry-run says what one pass would do: leave --every out.');
      const redis = redisFromEnvironment(process.env);
      setExit(await untilInterrupted((signal) => retain(teams, options, redis, signal)));
      // The schedule of a Redis that is away may leave something behind that would keep the process.
      if (options.every !== undefined) process.exit();
    });
}

async function retain(teams: readonly Team[], options: RetainOptions, redis: RedisOptions, signal: AbortSignal) {
  const { every, keep = 0, forgetAfter: forgetAfterMs, dryRun = false } = options;
  const connection = new RedisConnection(redis, 'distributary:retain');
  const streams = [...new Set(teams.map(({ stream }) => stream))].map((stream): KeptStream => {
    const own = teams.filter((team) => team.stream === stream);
    const bounds = { keep, ...(forgetAfterMs === undefined ? {} : { forgetAfterMs }) };
    const janitor = new Janitor(connection, { stream, groups: own, ...bounds });
    const onProgress = progressOf(stream, dryRun);
    const pass = async (until: AbortSignal) => {
      try {
        const report = await retentionReport(connection, await janitor.pass({ dryRun, signal: until, onProgress }), {
          teams: own,
          dryRun,
        });
        return await recordSnapshot(connection, report);
      } finally {
        // What cannot be released now ends by itself.
        if (!dryRun) await janitor.release().catch(() => undefined);
      }
    };
    return { stream, pass };
  });
  try {
    if (every !== undefined) {
      const show = (report: RecordedReport) => write([report], describeRedis(redis), options);
      await Promise.all(streams.map((one) => keepPassing(redis, one, { everyMs: every, show, signal })));
      return EXIT.done;
    }
    const reports: RecordedReport[] = [];
    for (const { pass } of streams) if (!signal.aborted) reports.push(await pass(signal));
    write(reports, describeRedis(redis), options);
    return reports.some(({ outcome }) => outcome === 'missing') ? EXIT.failed : EXIT.done;
  } finally {
    connection.close();
  }
}

function progressOf(stream: string, dryRun: boolean): (trimmed: number) => void {
  let told = 0;
  return (trimmed) => {
    if (trimmed - told < PROGRESS_EVERY_ENTRIES) return;
    told = trimmed;
    process.stderr.write(`${stream}: ${count(trimmed)} entries ${dryRun ? 'would be ' : ''}trimmed so far\n`);
  };
}

function write(reports: readonly RecordedReport[], redis: string, { json, every }: RetainOptions): void {
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
