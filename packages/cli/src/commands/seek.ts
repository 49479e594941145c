import { type EntryId, groupStatus } from '@distributary/core';
import { planSeek, type SeekPlan, type SeekTarget, seek } from '@distributary/replay';
import type { Command } from 'commander';
import { decideByName } from '../decision.ts';
import { count } from '../format.ts';
import { type GroupChoice, groupCommand, requireGroup, withRedis } from '../group-choice.ts';
import { rangeStart } from '../stream-bound.ts';
import { timeOf } from '../time-of.ts';

interface SeekOptions extends GroupChoice {
  readonly to: SeekTarget;
  readonly confirm?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx distributary seek --group noc_team --to 2026-11-01T10:00 --dry-run
  npx distributary seek --group noc_team --to beginning          asks for the group's name
  npx distributary seek --group noc_team --to now --confirm noc_team

Moves the live group: its processes go on from there at their next read. Entries that it passes over never come to this
team; entries behind it come again, under the same names. What is pending stays pending. How many of each is printed
first, and stays in the group's audit with who did it: npx distributary jobs. To deliver a range again without moving the
group, use backfill. Reads REDIS_URL.
Exit codes: 0 moved, or a dry run · 1 Redis refused · 2 wrong arguments, no such group, or not confirmed · 3 Redis did not
answer`;

export function seekCommand(): Command {
  return groupCommand('seek')
    .description('move a live group to another place in its stream')
    .requiredOption('--to <beginning|now|id|time>', 'the first entry that it is to get next', seekTarget)
    .option('--confirm <group>', "the group's name, in place of typing it")
    .option('--dry-run', 'change nothing, say what it would mean')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((options: SeekOptions) =>
      withRedis(async (connection) => {
        const { stream, group, json, dryRun = false } = options;
        await requireGroup(connection, options);
        const { lastDeliveredId, pending } = await groupStatus(connection, { stream, group });
        const plan = await planSeek(connection, options, lastDeliveredId ?? '0-0', options.to);
        if (!json) process.stdout.write(planText(plan, options, pending));
        if (!dryRun) {
          await decideByName(group, options.confirm);
          await seek(connection, options, plan);
        }
        if (json) process.stdout.write(`${JSON.stringify({ group, dryRun, pending, ...plan })}\n`);
        else process.stdout.write(dryRun ? 'A dry run: nothing was changed.\n' : `${group} goes on there.\n`);
      }),
    );
}

function planText({ from, to, skipped, repeated }: SeekPlan, { group }: GroupChoice, pending: number): string {
  return [
    `${group} goes on behind ${to} (${timeOf(to)}), in place of ${from} (${timeOf(from)})`,
    `  ${count(skipped)} entries that it has not had would never come to it`,
    `  ${count(repeated)} entries that it has had would come again`,
    `  ${count(pending)} pending entries stay pending\n`,
  ].join('\n');
}

/** @throws InvalidArgumentError */
function seekTarget(text: string): SeekTarget {
  return text === 'beginning' || text === 'now' ? text : (rangeStart(text).place as EntryId);
}
