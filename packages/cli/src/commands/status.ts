import { setTimeout as sleep } from 'node:timers/promises';
import { describeRedis, RedisConnection, redisFromEnvironment } from '@distributary/core';
import { Command } from 'commander';
import { positiveInteger } from '../arguments.ts';
import { DEFAULT_STREAM, streamsOf } from '../declared-streams.ts';
import { EXIT, type SetExit } from '../exit.ts';
import { type StreamStatus, statusTable, watchedStatus } from '../stream-status.ts';

interface StatusOptions {
  readonly stream?: readonly string[];
  readonly watch?: true | number;
  readonly json?: true;
}

const DEFAULT_WATCH_SECONDS = 2;
const CLEAR_SCREEN = '\u001b[2J\u001b[H';

const EXAMPLES = `
Examples:
  npx distributary status                                   every group of syslog_stream
  npx distributary status --watch
  npx distributary status consumers/noc consumers/security  also says whose group is missing or too far behind
  npx distributary status --json | jq '.streams[].groups[] | {group, lagEntries, pending}'

lag: entries not yet delivered to the group · pending: delivered, not yet acknowledged · oldest: age of the oldest pending
entry · lost: trimmed from the stream before the group could have them. Reads REDIS_URL; changes nothing.
Exit codes: 0 shown · 1 a group of a given package does not exist · 2 wrong arguments · 3 Redis did not answer`;

export function statusCommand(setExit: SetExit): Command {
  return new Command('status')
    .description('show where every group stands: lag, pending, lost, dead letters, consumers')
    .argument('[package...]', 'folders of consumer packages; their streams are shown, and their groups expected')
    .option('--stream <name...>', `streams to show (default: those of the packages, or ${DEFAULT_STREAM})`)
    .option('--watch [seconds]', 'show again and again', positiveInteger)
    .option('--json', 'print one JSON object, with --watch one per line')
    .addHelpText('after', EXAMPLES)
    .action(async (packages: string[], options: StatusOptions) => {
      const streams = await streamsOf(packages, options.stream);
      const redis = redisFromEnvironment(process.env);
      const connection = new RedisConnection(redis, 'distributary:status');
      const read = () => Promise.all(streams.map(({ stream, teams }) => watchedStatus(connection, stream, teams)));
      try {
        let statuses = await read();
        show(statuses, describeRedis(redis), options);
        while (options.watch !== undefined) {
          await sleep(1_000 * (options.watch === true ? DEFAULT_WATCH_SECONDS : options.watch));
          statuses = await read();
          show(statuses, describeRedis(redis), options);
        }
        const missing = statuses.some(({ groups }) => groups.some(({ exists }) => !exists));
        if (missing) setExit(EXIT.failed);
      } finally {
        connection.close();
      }
    });
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
