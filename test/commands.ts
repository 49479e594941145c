import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type StartedProcess, startProcess } from '@distributary/testing';

const COMMAND = 'packages/cli/bin/distributary.js';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A `distributary` command as an operator runs it, logging everything. @param top of this repository, or of a copy of it */
export function startCommand(
  args: readonly string[],
  environment: Record<string, string>,
  top: string = ROOT,
): StartedProcess {
  return startProcess(process.execPath, [join(top, COMMAND), ...args], {
    cwd: top,
    environment: { LOG_LEVEL: 'debug', ...environment },
  });
}

/** The processes of the consumers that a supervisor runs. */
export function consumerPids(supervisor: StartedProcess): number[] {
  const { pid } = supervisor.process;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}

/** Runs a `distributary` command to its end. */
export async function runCommand(
  args: readonly string[],
  environment: Record<string, string>,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  await using command = startCommand(args, environment);
  const { code } = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

/** SIGKILL for a supervisor and the consumers that it runs, as a machine that goes down does to them. */
export async function killWithConsumers(supervisor: StartedProcess): Promise<void> {
  const pids = consumerPids(supervisor);
  supervisor.process.kill('SIGKILL');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await supervisor.end('SIGKILL');
}
