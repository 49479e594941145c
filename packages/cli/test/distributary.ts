import { fileURLToPath } from 'node:url';
import { type StartedProcess, startProcess } from '@distributary/testing';

export const COMMAND: string = fileURLToPath(new URL('../bin/distributary.js', import.meta.url));

/** The top of the repository, where commands are run. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url));
export const FILE_TEAM: string = fileURLToPath(new URL('file-team', import.meta.url));

/** Starts a `distributary` command. @param cwd where, by default at the top of the repository */
export function start(args: readonly string[], environment: Record<string, string> = {}, cwd = ROOT): StartedProcess {
  return startProcess(process.execPath, [COMMAND, ...args], { cwd, environment });
}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly environment?: Record<string, string>;
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

/** Runs a command to its end. */
export async function run(
  args: readonly string[],
  { environment = {}, input = '', cwd = ROOT }: RunOptions = {},
): Promise<Finished> {
  await using command = start(args, environment, cwd);
  command.process.stdin?.on('error', () => undefined).end(input);
  const { code } = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}
