import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import { EXIT, type SetExit } from '../exit.ts';
import { askForTeam } from '../scaffold/ask.ts';
import { planScaffold, type Scaffold, writeScaffold } from '../scaffold/scaffold.ts';
import { type Surroundings, surroundingsOf } from '../scaffold/surroundings.ts';
import { CHECKS, SINK_KINDS, type TeamPlan } from '../scaffold/team-plan.ts';
import { UsageError } from '../usage-error.ts';

interface NewOptions extends Partial<Omit<TeamPlan, 'name'>> {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  npx distributary new                                           asks for everything, at a terminal
  npx distributary new fraud --stream syslog_stream --group fraud_team --sink elasticsearch --owner fraud@example.com
  npx distributary new fraud --sink custom … --dry-run           which files it would write
  npm create distributary@latest fraud                           the same, where nothing is installed

In a checkout it writes consumers/<name>, and adds a service to docker-compose.yml, whose janitor from then on asks this
team too; elsewhere it writes <name>, a project of its own. Without a terminal, and with --json, it never asks.
Exit codes: 0 written · 1 cancelled, or the files could not be written · 2 wrong or missing arguments, or the folder is there`;

export function newCommand(setExit: SetExit): Command {
  return new Command('new')
    .description("write a new team's package: its sink, mapping, configuration, contract test and Dockerfile")
    .argument('[name]', "the team's name, such as fraud")
    .option('--stream <stream>', 'the stream that it reads, such as syslog_stream')
    .option('--group <group>', 'its consumer group, such as fraud_team')
    .addOption(new Option('--sink <kind>', 'where its entries go').choices(SINK_KINDS))
    .option('--owner <address>', 'whom to ask about it, such as fraud@example.com')
    .option('--dry-run', 'write nothing, say what would be written')
    .option('--json', 'print what was written as one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string | undefined, { dryRun = false, json = false, ...given }: NewOptions) => {
      const plan = await completed({ ...(name === undefined ? {} : { name }), ...given }, { mayAsk: !json });
      if (plan === undefined) return setExit(EXIT.failed);
      const surroundings = await surroundingsOf(process.cwd());
      const scaffold = await planScaffold(plan, surroundings);
      if (!dryRun) await writeScaffold(scaffold, surroundings.root);
      process.stdout.write(
        `${json ? asJson(scaffold, surroundings, { dryRun }) : asText(scaffold, surroundings, { dryRun })}\n`,
      );
    });
}

/** @throws UsageError naming a part that is wrong, or all that are missing where nobody can be asked */
async function completed(given: Partial<TeamPlan>, { mayAsk }: { mayAsk: boolean }): Promise<TeamPlan | undefined> {
  const parts = Object.keys(CHECKS) as (keyof TeamPlan)[];
  for (const part of parts) if (given[part] !== undefined) CHECKS[part](given[part]);
  const missing = parts.filter((part) => given[part] === undefined);
  if (missing.length === 0) return given as TeamPlan;
  if (mayAsk && process.stdin.isTTY && process.stdout.isTTY) return askForTeam(given);
  const options = missing.map((part) => (part === 'name' ? 'a name' : `--${part}`));
  throw new UsageError(`Missing: ${options.join(', ')}. Give each, such as: ${EXAMPLE}. At a terminal it asks.`);
}

const EXAMPLE =
  'distributary new fraud --stream syslog_stream --group fraud_team --sink elasticsearch --owner fraud@example.com';

function asJson(scaffold: Scaffold, surroundings: Surroundings, { dryRun }: { dryRun: boolean }): string {
  return JSON.stringify({
    dryRun,
    root: surroundings.root,
    folder: scaffold.folder,
    written: scaffold.written.map(({ path }) => path),
    changed: scaffold.changed.map(({ path }) => path),
    next: nextCommands(scaffold, surroundings),
  });
}

function asText(scaffold: Scaffold, surroundings: Surroundings, { dryRun }: { dryRun: boolean }): string {
  const { written, changed } = scaffold;
  return [
    dryRun ? 'Would write:' : 'Wrote:',
    ...written.map(({ path }) => `  ${path}`),
    ...(changed.length > 0 ? [dryRun ? 'Would change:' : 'Changed:'] : []),
    ...changed.map(({ path }) => `  ${path}`),
    '',
    'Next:',
    ...nextCommands(scaffold, surroundings).map((command) => `  ${command}`),
    '',
    `${scaffold.folder}/README.md says what the last one reads from the environment.`,
  ].join('\n');
}

function nextCommands({ folder }: Scaffold, { kind, root }: Surroundings): string[] {
  const place = relative(process.cwd(), kind === 'alone' ? join(root, folder) : root);
  const install = place === '' ? 'npm install' : `cd ${place} && npm install`;
  return kind === 'alone'
    ? [install, 'npm test', 'npm start']
    : [install, `npm test -w ${folder}`, `npx distributary run ${folder}`];
}
