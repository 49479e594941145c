import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NOC, SECURITY } from './house.ts';
import { WorkspaceCopy } from './mutants/workspace-copy.ts';

const execute = promisify(execFile);

/** What npm would publish of this repository: built, and without the sources of the command, which would be run instead. */
export async function builtCopy(): Promise<WorkspaceCopy> {
  const copy = await WorkspaceCopy.make();
  await execute('tsc', ['-b', 'packages/cli', NOC, SECURITY], { cwd: copy.path });
  await rm(join(copy.path, 'packages/cli/src'), { recursive: true });
  return copy;
}
