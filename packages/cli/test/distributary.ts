import { fileURLToPath } from 'node:url';
import { type StartedProcess, startProcess } from '@distributary/testing';

const COMMAND = fileURLToPath(new URL('../bin/distributary.js', import.meta.url));

/** The top of the repository, where commands are run. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url));
export const FILE_TEAM: string = fileURLToPath(new URL('file-team', import.meta.url));

/** Starts a `distributary` command. */
export function start(args: readonly string[], environment: Record<string, string> = {}): StartedProcess {
  return startProcess(process.execPath, [COMMAND, ...args], { cwd: ROOT, environment });
}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function run(
  args: readonly string[],
  { environment = {}, input = '' }: { environment?: Record<string, string>; input?: string | Buffer } = {},
): Promise<Finished> {
  await using command = start(args, environment);
  command.process.stdin?.on('error', () => undefined).end(input);
  const { code } = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}
