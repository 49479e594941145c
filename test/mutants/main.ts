import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS, type Mutant, type Proof } from './mutants.ts';
import { WorkspaceCopy } from './workspace-copy.ts';

const USAGE = `npm run -s mutants -- [--only "part of a name"] [--list]

Applies known bugs, one after the other, to a copy of the working tree, and runs the tests that must find them. Prints
which test did. Exit code 0: all were found, and the tests pass without them; 1: not so.`;

const FAILED = /FAIL\s+(.*)/;
/** A mutant may make a test wait for what never comes. */
const TEST_TIMEOUT_MS = 60_000;

const { values } = parseArgs({
  options: { only: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean' } },
});
const mutants = MUTANTS.filter(({ name }) => name.includes(values.only ?? ''));
if (values.help) console.log(USAGE);
else if (values.list) for (const { name, file } of mutants) console.log(`${name}  (${file})`);
else process.exitCode = (await hunt(mutants)) ? 0 : 1;

async function hunt(hunted: readonly Mutant[]): Promise<boolean> {
  await using copy = await WorkspaceCopy.make();
  let found = 0;
  for (const mutant of hunted) {
    const healthy = await failing(copy, mutant.proof);
    if (healthy !== undefined) {
      console.log(`?      ${mutant.name}: ${mutant.proof.workspace} fails without it: ${healthy}`);
      continue;
    }
    await copy.apply(mutant);
    // Once more where it survives: what a mutant does may need two processes to meet.
    const test = (await failing(copy, mutant.proof)) ?? (await failing(copy, mutant.proof));
    await copy.restore(mutant);
    if (test !== undefined) found++;
    console.log(
      test === undefined
        ? `ALIVE  ${mutant.name}`
        : `dead   ${mutant.name}\n         by ${mutant.proof.workspace}: ${test}`,
    );
  }
  console.log(`\n${found} of ${hunted.length} mutants were found.`);
  return found === hunted.length;
}

/** @returns the first test that fails, if any */
async function failing({ path }: WorkspaceCopy, { workspace, files }: Proof): Promise<string | undefined> {
  const config = join(path, 'packages/testing/vitest.config.ts');
  const args = ['run', '--config', config, '--root', '.', '--bail=1', `--testTimeout=${TEST_TIMEOUT_MS}`, ...files];
  const child = spawn('vitest', args, {
    cwd: join(path, workspace),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  if (code === 0) return undefined;
  return FAILED.exec(output)?.[1] ?? output.trim().split('\n').slice(-3).join(' ');
}
