import type { EntryId } from '@distributary/core';
import { type BackfillRequest, countEntries, forbiddenOverride, operator } from '@distributary/replay';
import { type Command, InvalidArgumentError } from 'commander';
import { type DecisionOptions, decide } from '../decision.ts';
import type { SetExit } from '../exit.ts';
import { count } from '../format.ts';
import { groupCommand, requireGroup, withRedis } from '../group-choice.ts';
import { askForJob, type JobOptions, jobOptions } from '../job-request.ts';
import { rangeEnd, rangeStart, type StreamBound } from '../stream-bound.ts';
import { timeOf } from '../time-of.ts';

type Overrides = Readonly<Record<string, string>>;

interface BackfillOptions extends JobOptions, DecisionOptions {
  readonly from: StreamBound;
  readonly to?: StreamBound;
  readonly sinkOverride?: Overrides;
}

const EXAMPLES = `
Examples:
  npx distributary backfill --group noc_team --from 2026-11-01T10:00 --to 2026-11-01T12:00
  npx distributary backfill --group noc_team --from 2026-11-01 --sink-override ELASTICSEARCH_INDEX=rebuilt --yes
  npx distributary backfill --group noc_team --from 2026-11-01 --rate 200 --yes --detach

Delivers what the stream holds of a range, in its order, through the team's mapping and sink, in a process of the team,
while the group goes on: its cursor and its pending entries are left alone. An event has the same name each time, so that
a sink that stores by name stores it once. What fails becomes a dead letter that names the backfill. Without --to it ends
with the newest entry of now. --sink-override changes a variable of the sink's environment for this job alone; secrets and
addresses are refused, for they would stand in Redis, or take the team's credentials elsewhere.
Reads REDIS_URL. Ctrl-C leaves the job running: npx distributary jobs.
Exit codes: 0 all delivered, nothing to do, a dry run, or left running · 1 some were set aside, or the job failed or was
cancelled · 2 wrong arguments, or no such group · 3 Redis did not answer`;

export function backfillCommand(setExit: SetExit): Command {
  return jobOptions(groupCommand('backfill'))
    .description("deliver a range of the stream's history to a group's sink, leaving the live group alone")
    .requiredOption('--from <time|id>', 'the first entry, such as 2026-11-01T10:00', rangeStart)
    .option('--to <time|id>', 'those before that time, or up to that ID (default: now)', rangeEnd)
    .option('--sink-override <name=value>', 'for this job alone; may be given again', override)
    .option('--dry-run', 'change nothing, say how many')
    .option('--yes', 'do it without asking')
    .addHelpText('after', EXAMPLES)
    .action((options: BackfillOptions) =>
      withRedis(async (connection, redis) => {
        const { stream, group, rate, json, yes, sinkOverride: overrides = {} } = options;
        const from = options.from.place as EntryId;
        await requireGroup(connection, options);
        const { count: total, last } = await countEntries(connection, stream, { from, to: options.to?.place ?? '+' });
        const until = last ?? from;
        if (json && !yes) process.stdout.write(`${JSON.stringify({ dryRun: true, group, from, until, total })}\n`);
        else if (!json) {
          process.stdout.write(`${count(total)} entries of ${stream} from ${timeOf(from)} to ${timeOf(until)}\n`);
        }
        if (total === 0) return;
        if (!(await decide(`Deliver them to the sink of ${group}?`, options))) return;
        const request: BackfillRequest = { kind: 'backfill', by: operator(), rate, total, from, until, overrides };
        setExit(await askForJob(request, options, { connection, redis }));
      }),
    );
}

/** @throws InvalidArgumentError when it is no assignment, or one that a job may not make */
function override(text: string, before: Overrides = {}): Overrides {
  const [, name = text, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (value === undefined) throw new InvalidArgumentError('Write it as ELASTICSEARCH_INDEX=rebuilt.');
  const refusal = forbiddenOverride(name);
  if (refusal) throw new InvalidArgumentError(refusal.message);
  return { ...before, [name]: value };
}
