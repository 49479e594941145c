import type { EntryId } from '@distributary/core';
import { DeadLetterStream, operator, type RedriveRequest } from '@distributary/replay';
import type { Command } from 'commander';
import { type DecisionOptions, decide } from '../decision.ts';
import type { SetExit } from '../exit.ts';
import { count } from '../format.ts';
import { groupCommand, withRedis } from '../group-choice.ts';
import { askForJob, type JobOptions, jobOptions } from '../job-request.ts';
import { type SelectionOptions, selectedLetters, selectionOf, selectionOptions } from '../letter-selection.ts';
import { LetterTally, summaryText } from '../letter-text.ts';

interface RedriveOptions extends SelectionOptions, JobOptions, DecisionOptions {
  readonly again?: true;
}

const EXAMPLES = `
Examples:
  npx distributary redrive --group noc_team                                  shows which, and asks
  npx distributary redrive --group noc_team --reason mapper_parsing --yes
  npx distributary redrive --group noc_team --from 2026-11-01T10:00 --to 2026-11-01T11:00 --limit 100 --yes
  npx distributary redrive --group noc_team --again --yes --detach           also those that failed when redriven before

Runs as a job in a process of the team, through its sink, to this team alone, and never to the stream. A dead letter goes
when the sink has confirmed it; one that fails again stays, with the new reason, and is left out from then on unless
--again. It is stored under the entry's own ID, so that what was stored already is not stored twice. When the destination
refuses everything until somebody acts, the job ends and says what to do; the rest stay as they are.
Reads REDIS_URL. Ctrl-C leaves the job running: npx distributary jobs.
Exit codes: 0 all delivered, nothing to do, a dry run, or left running · 1 some failed again, or the job failed or was
cancelled · 2 wrong arguments · 3 Redis did not answer`;

export function redriveCommand(setExit: SetExit): Command {
  return jobOptions(selectionOptions(groupCommand('redrive')))
    .description("deliver a group's dead letters again, to that group's sink only")
    .option('--again', 'also those that were redriven before, and failed')
    .option('--dry-run', 'change nothing, say which')
    .option('--yes', 'do it without asking')
    .addHelpText('after', EXAMPLES)
    .action((options: RedriveOptions) =>
      withRedis(async (connection, redis) => {
        const { group, rate, json, again = false } = options;
        const letters = new DeadLetterStream(connection, options);
        const tally = new LetterTally();
        const selection = { ...selectionOf(options), fresh: !again };
        for await (const letter of selectedLetters(letters, selection, options.limit)) tally.add(letter);
        const { summary, first, last } = tally;
        if (json && !options.yes) process.stdout.write(`${JSON.stringify({ dryRun: true, group, ...summary })}\n`);
        else if (!json) process.stdout.write(summaryText(summary, group));
        if (!first || !last) return;
        if (!(await decide(`Deliver ${count(summary.count)} dead letters of ${group} again?`, options))) return;
        const request: RedriveRequest = {
          ...{ kind: 'redrive', by: operator(), rate, total: summary.count, again },
          ...{ from: first.id, until: last.id as EntryId },
          ...(options.id ? { ids: options.id } : {}),
          ...(options.reason === undefined ? {} : { reason: options.reason }),
          ...(options.verdict === undefined ? {} : { verdict: options.verdict }),
        };
        setExit(await askForJob(request, options, { connection, redis }));
      }),
    );
}
