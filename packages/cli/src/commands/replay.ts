import type { EntryId, RedisConnection } from '@distributary/core';
import { operator, type PendingEntry, pendingOf, type ReplayRequest } from '@distributary/replay';
import type { Command } from 'commander';
import { span } from '../arguments.ts';
import type { SetExit } from '../exit.ts';
import { count, duration, table } from '../format.ts';
import { groupCommand, requireGroup, withRedis } from '../group-choice.ts';
import { askForJob, type JobOptions, jobOptions } from '../job-request.ts';

interface ReplayOptions extends JobOptions {
  /** Milliseconds. */
  readonly idle?: number;
  readonly consumer?: string;
  readonly dryRun?: true;
}

const DEFAULT_IDLE_MS = 60_000;
const PAGE = 1_000;

const EXAMPLES = `
Examples:
  npx distributary replay --group noc_team                           what nobody has touched for a minute
  npx distributary replay --group noc_team --idle 5s --consumer host-2
  npx distributary replay --group noc_team --dry-run                 who holds how many, and for how long

Pending entries were handed out and are not acknowledged: their process died, is at work on them, or waits for the
destination. Siblings take them over by themselves after the claim time, 30 s by default; this is for now. A process of
the team takes them over and delivers them by its usual path. Below 15 s of --idle it may take what another process is at
work on, which is then delivered twice. Reads REDIS_URL. Ctrl-C leaves the job running: npx distributary jobs.
Exit codes: 0 all delivered, nothing to do, a dry run, or left running · 1 some were set aside, or the job failed or was
cancelled · 2 wrong arguments, or no such group · 3 Redis did not answer`;

export function replayCommand(setExit: SetExit): Command {
  return jobOptions(groupCommand('replay'))
    .description('deliver pending entries of a group again, now')
    .option('--idle <span>', 'only what nobody has touched for so long (default: 1m)', span)
    .option('--consumer <name>', 'only what this consumer of the group holds')
    .option('--dry-run', 'change nothing, say what')
    .addHelpText('after', EXAMPLES)
    .action((options: ReplayOptions) =>
      withRedis(async (connection, redis) => {
        const { group, idle: idleMs = DEFAULT_IDLE_MS, consumer, rate, json, dryRun } = options;
        await requireGroup(connection, options);
        const holders = await holdersOf(connection, options, idleMs);
        const total = holders.reduce((sum, holder) => sum + holder.entries, 0);
        if (json && (dryRun || total === 0)) process.stdout.write(`${JSON.stringify({ group, total, holders })}\n`);
        else if (!json)
          process.stdout.write(
            holdersText(
              holders,
              `${count(total)} pending entries of ${group} that nobody has touched for ${duration(idleMs)}`,
            ),
          );
        if (dryRun || total === 0) return;
        const request: ReplayRequest = {
          ...{ kind: 'replay', by: operator(), rate, total, idleMs },
          ...(consumer === undefined ? {} : { consumer }),
        };
        setExit(await askForJob(request, options, { connection, redis }));
      }),
    );
}

/** What a consumer of the group holds that has been idle for long enough. */
interface Holder {
  readonly consumer: string;
  readonly entries: number;
  readonly longestIdleMs: number;
}

async function holdersOf(connection: RedisConnection, options: ReplayOptions, minIdleMs: number): Promise<Holder[]> {
  const holders = new Map<string, Holder>();
  const whose = options.consumer === undefined ? {} : { consumer: options.consumer };
  let after: EntryId | undefined;
  for (;;) {
    const page: PendingEntry[] = await pendingOf(connection, options, { after, count: PAGE, ...whose });
    for (const { consumer, idleMs } of page) {
      if (idleMs < minIdleMs) continue;
      const { entries = 0, longestIdleMs = 0 } = holders.get(consumer) ?? {};
      holders.set(consumer, { consumer, entries: entries + 1, longestIdleMs: Math.max(longestIdleMs, idleMs) });
    }
    after = page.at(-1)?.id;
    if (after === undefined) return [...holders.values()];
  }
}

function holdersText(holders: readonly Holder[], heading: string): string {
  if (holders.length === 0) return `${heading}\n`;
  const rows = holders.map((holder) => [holder.consumer, count(holder.entries), duration(holder.longestIdleMs)]);
  return `${heading}\n${table(['consumer', 'entries', 'idle up to'], rows).replace(/^/gm, '  ')}\n`;
}
