import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../bin/distributary.js', import.meta.url));

/** The top of the repository, where commands are run. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url));
export const FILE_TEAM: string = fileURLToPath(new URL('file-team', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A `distributary` command while it runs; killed when it is disposed of. */
export interface Running extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The lines of its log so far. */
  readonly log: () => Record<string, unknown>[];
  readonly ended: Promise<Ended>;
}

/** @param environment added to a clean one, so that no variable of the machine's leaks in */
export function start(args: readonly string[], environment: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Ended);
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    log: () =>
      stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
    ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

export interface Finished extends Ended {
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
  return { ...(await command.ended), stdout: command.stdout(), stderr: command.stderr() };
}
