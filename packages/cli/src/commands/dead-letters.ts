import type { EntryId } from '@distributary/core';
import { DeadLetterStream, type FiledLetter } from '@distributary/replay';
import { Command } from 'commander';
import { type DecisionOptions, decide } from '../decision.ts';
import { EXIT, type SetExit } from '../exit.ts';
import { count } from '../format.ts';
import { type GroupChoice, groupCommand, withRedis } from '../group-choice.ts';
import {
  type SelectionOptions,
  selectedLetters,
  selectionOf,
  selectionOptions,
  selectsAll,
} from '../letter-selection.ts';
import { LetterTally, letterJson, letterTable, letterText, summaryText } from '../letter-text.ts';
import { entryId } from '../stream-bound.ts';
import { UsageError } from '../usage-error.ts';

interface ListOptions extends GroupChoice, SelectionOptions {
  readonly json?: true;
}

interface DropOptions extends ListOptions, DecisionOptions {
  readonly all?: true;
}

const LIST_LIMIT = 50;

const EXAMPLES = `
Examples:
  npx distributary dead-letters list --group noc_team
  npx distributary dead-letters list --group noc_team --reason mapper_parsing --limit 500 --json | jq -r .letters[].entryId
  npx distributary dead-letters show 1764064800000-0 --group noc_team      every field; it may hold what is nobody's business
  npx distributary dead-letters drop --group noc_team --verdict undecodable --to 2026-11-01
  npx distributary redrive --group noc_team                                 deliver them again

list and show only read. drop removes for good: it needs a selection or --all, shows what would go, and asks, or is told
--yes; what was dropped, and by whom, stays in the group's audit: npx distributary jobs.
Reads REDIS_URL.
Exit codes: 0 shown, dropped, or a dry run · 1 there is no such dead letter · 2 wrong arguments · 3 Redis did not answer`;

export function deadLettersCommand(setExit: SetExit): Command {
  const command = new Command('dead-letters')
    .description('list, show or drop what was set aside for a group, with the reasons')
    .addHelpText('after', EXAMPLES);
  for (const sub of [listCommand(), showCommand(setExit), dropCommand()]) command.addCommand(sub.exitOverride());
  return command;
}

function listCommand(): Command {
  return selectionOptions(groupCommand('list'))
    .description('the oldest of them, and how many there are for which reason')
    .option('--json', 'print one JSON object')
    .action((options: ListOptions) =>
      withRedis(async (connection) => {
        const letters = new DeadLetterStream(connection, options);
        const tally = new LetterTally();
        const shown: FiledLetter[] = [];
        for await (const letter of selectedLetters(letters, selectionOf(options))) {
          tally.add(letter);
          if (shown.length < (options.limit ?? LIST_LIMIT)) shown.push(letter);
        }
        const { group, json } = options;
        if (json) {
          const listed = shown.map(({ id, envelope }) => ({ id, ...envelope }));
          process.stdout.write(`${JSON.stringify({ group, ...tally.summary, letters: listed })}\n`);
          return;
        }
        process.stdout.write(summaryText(tally.summary, group));
        if (shown.length > 0) process.stdout.write(`\n${letterTable(shown)}`);
        const hidden = tally.summary.count - shown.length;
        if (hidden > 0) process.stdout.write(`and ${count(hidden)} more: --limit\n`);
      }),
    );
}

function showCommand(setExit: SetExit): Command {
  return groupCommand('show')
    .description('one of them with every field, escaped for the terminal; bytes that are not UTF-8 in Base64')
    .argument('<id>', "the dead letter's own ID, as list shows it", entryId)
    .option('--json', 'print one JSON object')
    .action((id: EntryId, options: ListOptions) =>
      withRedis(async (connection) => {
        const letters = new DeadLetterStream(connection, options);
        const [letter] = (await letters.page({ from: id, to: id }, 1)).letters;
        if (letter) {
          process.stdout.write(options.json ? `${JSON.stringify(letterJson(letter))}\n` : letterText(letter));
          return;
        }
        process.stderr.write(
          `distributary: There is no dead letter ${id} of ${options.group}: npx distributary dead-letters list\n`,
        );
        setExit(EXIT.failed);
      }),
    );
}

function dropCommand(): Command {
  return selectionOptions(groupCommand('drop'))
    .description('remove those that are selected, for good')
    .option('--all', 'whatever there is')
    .option('--dry-run', 'change nothing, say which')
    .option('--yes', 'do it without asking')
    .option('--json', 'print one JSON object')
    .action((options: DropOptions) =>
      withRedis(async (connection) => {
        const { group, all } = options;
        if ((all === true) === selectsAll(options)) return drop(options, new DeadLetterStream(connection, options));
        throw new UsageError(
          all
            ? '--all and a selection contradict each other: give one.'
            : `Say which dead letters of ${group} to drop, by --id, --reason, --verdict, --from, --to or --limit, or --all.`,
        );
      }),
    );
}

async function drop(options: DropOptions, letters: DeadLetterStream): Promise<void> {
  const { group, json, yes } = options;
  const tally = new LetterTally();
  const ids: EntryId[] = [];
  for await (const letter of selectedLetters(letters, selectionOf(options), options.limit)) {
    tally.add(letter);
    ids.push(letter.id);
  }
  if (json && !yes) process.stdout.write(`${JSON.stringify({ dryRun: true, group, ...tally.summary })}\n`);
  else if (!json) process.stdout.write(summaryText(tally.summary, group));
  if (ids.length === 0 || !(await decide(`Remove ${count(ids.length)} dead letters of ${group} for good?`, options)))
    return;
  const dropped = await letters.drop(ids);
  process.stdout.write(json ? `${JSON.stringify({ group, dropped })}\n` : `${count(dropped)} dead letters dropped\n`);
}
