import { setTimeout as sleep } from 'node:timers/promises';
import { describeRedis, RedisConnection, redisFromEnvironment } from '@distributary/core';
import { Command, Option } from 'commander';
import { positiveInteger } from '../arguments.ts';
import { DEFAULT_STREAM, type DeclaredStream, streamsOf } from '../declared-streams.ts';
import { EXIT, type ExitCode, type SetExit } from '../exit.ts';
import { historyText } from '../history-text.ts';
import { snapshotsFrom } from '../status-history.ts';
import { rangeStart, type StreamBound } from '../stream-bound.ts';
import { type StreamStatus, statusTable, watchedStatus } from '../stream-status.ts';
import { timeOf } from '../time-of.ts';

interface StatusOptions {
  readonly stream?: readonly string[];
  readonly watch?: true | number;
  readonly since?: StreamBound;
  readonly json?: true;
}

const DEFAULT_WATCH_SECONDS = 2;
const CLEAR_SCREEN = '\u001b[2J\u001b[H';

const EXAMPLES = `
Examples:
  npx distributary status                                   every group of syslog_stream
  npx distributary status --watch
  npx distributary status consumers/noc consumers/security  also says whose group is missing or too far behind
  npx distributary status --since 24h                       since when is it behind? what retain noted, a table per group
  npx distributary status --json | jq '.streams[].groups[] | {group, lagEntries, pending}'

lag: entries not yet delivered to the group · pending: delivered, not yet acknowledged · oldest: age of the oldest pending
entry · lost: trimmed from the stream before the group could have them. --since shows snapshots of the last week, one a
minute while npx distributary retain runs. Of more than 40 a row shows the worst of several in a row: the one with the oldest
unread or pending entry. With --json each of them is there. Reads REDIS_URL; changes nothing.
Exit codes: 0 shown · 1 a group of a given package does not exist · 2 wrong arguments · 3 Redis did not answer`;

export function statusCommand(setExit: SetExit): Command {
  return new Command('status')
    .description('show where every group stands: lag, pending, lost, dead letters, consumers')
    .argument('[package...]', 'folders of consumer packages; their streams are shown, and their groups expected')
    .option('--stream <name...>', `streams to show (default: those of the packages, or ${DEFAULT_STREAM})`)
    .option('--watch [seconds]', 'show again and again', positiveInteger)
    .addOption(
      new Option('--since <time>', 'show the past instead: a span ago such as 24h, or a time such as 2026-11-01T10:00')
        .argParser(rangeStart)
        .conflicts('watch'),
    )
    .option('--json', 'print one JSON object, with --watch one per line')
    .addHelpText('after', EXAMPLES)
    .action(async (packages: string[], options: StatusOptions) => {
      const streams = await streamsOf(packages, options.stream);
      const redis = redisFromEnvironment(process.env);
      const connection = new RedisConnection(redis, 'distributary:status');
      const asked = { connection, redis: describeRedis(redis), streams, options };
      try {
        const { since } = options;
        if (since === undefined) setExit(await showNow(asked));
        else await showPast(asked, since);
      } finally {
        connection.close();
      }
    });
}

interface Asked {
  readonly connection: RedisConnection;
  /** Where it is, for people. */
  readonly redis: string;
  readonly streams: readonly DeclaredStream[];
  readonly options: StatusOptions;
}

async function showNow({ connection, redis, streams, options }: Asked): Promise<ExitCode> {
  const read = () => Promise.all(streams.map(({ stream, teams }) => watchedStatus(connection, stream, teams)));
  let statuses = await read();
  show(statuses, redis, options);
  while (options.watch !== undefined) {
    await sleep(1_000 * (options.watch === true ? DEFAULT_WATCH_SECONDS : options.watch));
    statuses = await read();
    show(statuses, redis, options);
  }
  const missing = statuses.some(({ groups }) => groups.some(({ exists }) => !exists));
  return missing ? EXIT.failed : EXIT.done;
}

async function showPast({ connection, redis, streams, options }: Asked, from: StreamBound): Promise<void> {
  const at = new Date().toISOString();
  const since = timeOf(from.place);
  const kept = await Promise.all(
    streams.map(async ({ stream }) => ({ stream, snapshots: await snapshotsFrom(connection, stream, from) })),
  );
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ at, redis, since, streams: kept })}\n`
      : `${redis} at ${at}\n\n${kept.map((history) => historyText(history, since)).join('\n')}`,
  );
}

function show(streams: readonly StreamStatus[], redis: string, { json, watch }: StatusOptions): void {
  const at = new Date().toISOString();
  if (json) {
    process.stdout.write(`${JSON.stringify({ at, redis, streams })}\n`);
    return;
  }
  const clear = watch !== undefined && process.stdout.isTTY ? CLEAR_SCREEN : '';
  process.stdout.write(`${clear}${redis} at ${at}\n\n${streams.map(statusTable).join('\n')}`);
}
