import { firstFailure } from '../first-failure.ts';
import type { Mutant, Proof } from './mutants.ts';
import { WorkspaceCopy } from './workspace-copy.ts';

/** A mutant may make a test wait for what never comes. */
const TEST_TIMEOUT_MS = 60_000;

/** What became of the mutants that there was time for. */
export interface Hunt {
  readonly hunted: number;
  readonly found: number;
}

/** Applies each mutant to a copy of the working tree and runs the tests that must find it; begins none after `endsAt`. */
export async function hunt(
  mutants: readonly Mutant[],
  say: (text: string) => void,
  endsAt: number = Infinity,
): Promise<Hunt> {
  await using copy = await WorkspaceCopy.make();
  let hunted = 0;
  let found = 0;
  for (const mutant of mutants) {
    if (performance.now() > endsAt) break;
    hunted++;
    const healthy = await failing(copy, mutant.proof);
    if (healthy !== undefined) {
      say(`?      ${mutant.name}: ${mutant.proof.workspace} fails without it: ${healthy}`);
      continue;
    }
    await copy.apply(mutant);
    // Once more where it survives: what a mutant does may need two processes to meet.
    const test = (await failing(copy, mutant.proof)) ?? (await failing(copy, mutant.proof));
    await copy.restore(mutant);
    if (test !== undefined) found++;
    const by = `dead   ${mutant.name}\n         by ${mutant.proof.workspace}: ${test}`;
    say(test === undefined ? `ALIVE  ${mutant.name}` : by);
  }
  return { hunted, found };
}

function failing({ path: top }: WorkspaceCopy, { workspace, files }: Proof): Promise<string | undefined> {
  return firstFailure({ top, workspace, files, timeoutMs: TEST_TIMEOUT_MS });
}
