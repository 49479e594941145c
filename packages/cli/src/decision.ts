import { UsageError } from './usage-error.ts';

/** What the options `--yes` and `--dry-run` say. */
export interface DecisionOptions {
  readonly yes?: true;
  readonly dryRun?: true;
}

/** Whether somebody can be asked. */
function onTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Whether to go on, after the dry run was shown: as `--yes` says, or whoever sits at the terminal. Without either nothing
 * happens, and it is said how it would.
 */
export async function decide(question: string, { yes, dryRun }: DecisionOptions): Promise<boolean> {
  if (yes && dryRun) throw new UsageError('--yes and --dry-run contradict each other: give one.');
  if (yes) return true;
  if (!dryRun && onTerminal()) {
    const { confirm } = await import('@clack/prompts');
    return (await confirm({ message: question, initialValue: false, output: process.stderr })) === true;
  }
  process.stderr.write(dryRun ? 'A dry run: nothing was changed.\n' : 'Nothing was changed. To do it, give --yes.\n');
  return false;
}

/**
 * Returns when the group's name was given or typed.
 * @throws UsageError when it was another, or nobody can be asked
 */
export async function decideByName(group: string, given: string | undefined): Promise<void> {
  const name = given ?? (onTerminal() ? await typedName(group) : undefined);
  if (name === group) return;
  throw new UsageError(
    name === undefined
      ? `Nothing was changed, for nobody confirmed it. Run it on a terminal, or give --confirm ${group}.`
      : `Nothing was changed: ${JSON.stringify(name)} is not ${group}.`,
  );
}

async function typedName(group: string): Promise<string> {
  const { isCancel, text } = await import('@clack/prompts');
  const typed = await text({ message: `Type ${group} to move it:`, output: process.stderr });
  return isCancel(typed) ? '' : typed;
}
