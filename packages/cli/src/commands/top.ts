import {
  describeRedis,
  RedisConnection,
  RedisUnavailableError,
  redisFromEnvironment,
  systemClock,
} from '@distributary/core';
import { Command } from 'commander';
import { positiveInteger } from '../arguments.ts';
import { streamsOf } from '../declared-streams.ts';
import { count, duration, printable, table } from '../format.ts';
import { type Look, ratesOf } from '../group-rates.ts';
import { adviceFor, type WatchedGroup, watchedStatus } from '../stream-status.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface TopOptions {
  readonly stream?: readonly string[];
  readonly every: number;
  readonly once?: true;
  readonly json?: true;
}

const CLEAR_SCREEN = '\u001b[2J\u001b[H';

const EXAMPLES = `
Examples:
  npx distributary top                                    every group of syslog_stream and its consumers, every 2 s
  npx distributary top consumers/noc consumers/security   also says when one of their groups is missing
  npx distributary top --every 10 | tee top.log           where no terminal is: one look below the other
  npx distributary top --json | jq '.streams[].groups[] | {group, rates}'

added/s, read/s, done/s: entries added to the stream, handed out to the group, and acknowledged by it, since the last look
(from Redis 7.0 on, which counts them). asked: since the consumer last asked Redis for anything. A consumer whose
destination takes nothing says so, with what to do. Reads REDIS_URL; changes nothing. Ctrl-C ends it.
Exit codes: 0 ended, or shown with --once · 2 wrong arguments or package · 3 Redis did not answer the first look`;

export function topCommand(): Command {
  return new Command('top')
    .description('watch every group and its consumers: rates, lag, pending, holds')
    .argument('[package...]', 'folders of consumer packages; their streams are shown, and their groups expected')
    .option('--stream <name...>', 'streams to show (default: those of the packages, or syslog_stream)')
    .option('--every <seconds>', 'the pause between two looks', positiveInteger, 2)
    .option('--once', 'look once, without rates')
    .option('--json', 'print one JSON object per look')
    .addHelpText('after', EXAMPLES)
    .action(async (packages: string[], options: TopOptions) => {
      const streams = await streamsOf(packages, options.stream);
      const redis = redisFromEnvironment(process.env);
      const connection = new RedisConnection(redis, 'distributary:top');
      const look = async (): Promise<Look> => {
        const statuses = await Promise.all(
          streams.map(({ stream, teams }) => watchedStatus(connection, stream, teams)),
        );
        return { atMs: systemClock.now(), streams: statuses };
      };
      try {
        await untilInterrupted(async (signal) => {
          let before: Look | undefined;
          do {
            try {
              const now = await look();
              show(now, before, { redis: describeRedis(redis), ...options });
              before = now;
            } catch (thrown) {
              // Who watches wants to see the end of an outage, too.
              if (before === undefined || !(thrown instanceof RedisUnavailableError)) throw thrown;
              process.stderr.write(`distributary: ${thrown.message}\n`);
            }
            if (!options.once) await systemClock.sleep(options.every * 1_000, signal);
          } while (!options.once && !signal.aborted);
        });
      } finally {
        connection.close();
      }
    });
}

function show(now: Look, before: Look | undefined, { redis, json, once }: TopOptions & { redis: string }): void {
  const at = new Date().toISOString();
  if (json) {
    const streams = now.streams.map((stream) => ({
      ...stream,
      groups: stream.groups.map((group) => ({ ...group, rates: ratesOf(group, now, before) })),
    }));
    process.stdout.write(`${JSON.stringify({ at, redis, streams })}\n`);
    return;
  }
  const clear = !once && process.stdout.isTTY ? CLEAR_SCREEN : '';
  const texts = now.streams.map(({ stream, length, groups }) => {
    const heading = length === null ? `${stream}: no such stream yet` : `${stream}: ${count(length)} entries`;
    return `${heading}\n${tableOf(groups, now, before).replace(/^/gm, '  ')}\n`;
  });
  process.stdout.write(`${clear}${redis} at ${at}\n\n${texts.join('\n')}\n`);
}

const HEADER = ['group', 'added/s', 'read/s', 'done/s', 'lag', 'lag time', 'pending', 'oldest', 'lost', 'asked', ''];

function tableOf(groups: readonly WatchedGroup[], now: Look, before: Look | undefined): string {
  const rows = groups.flatMap((group) => [rowOf(group, now, before), ...consumerRows(group)]);
  return table(HEADER, rows);
}

function rowOf(group: WatchedGroup, now: Look, before: Look | undefined): string[] {
  const { added, read, done } = ratesOf(group, now, before);
  const { lagEntries, lagMs, pending, oldestPendingAgeMs, lost } = group;
  return [
    group.group,
    perSecond(added),
    perSecond(read),
    perSecond(done),
    lagEntries === null ? 'unknown' : count(lagEntries),
    duration(lagMs),
    count(pending),
    oldestPendingAgeMs === null ? '-' : duration(oldestPendingAgeMs),
    count(lost),
    '',
    adviceFor(group),
  ];
}

function consumerRows({ consumers, troubles }: WatchedGroup): string[][] {
  return consumers.map(({ name, pending, idleMs }) => {
    const trouble = troubles.find(({ consumer }) => consumer === name);
    const state = trouble ? printable(`${trouble.state} since ${trouble.since}`) : '';
    return [`  ${name}`, '', '', '', '', '', count(pending), '', '', duration(idleMs), state];
  });
}

function perSecond(rate: number | null): string {
  return rate === null ? '-' : count(Math.round(rate));
}
