import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hasEnded } from './end-process.ts';

/** How a process ended: by itself with a code, or by a signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of a test's own, with everything that it wrote so far; killed when it is disposed of. */
export interface StartedProcess extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The lines of standard output that are JSON objects, as log lines are. */
  readonly log: () => Record<string, unknown>[];
  readonly ended: Promise<Ending>;
  /** Sends the signal, default SIGTERM, and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Ending>;
}

export interface StartProcessOptions {
  /** Added to PATH, HOME and where compiled code is kept, so that no other variable of the machine's leaks in. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts a command with its arguments; what it is given on standard input is the caller's to write and to end. */
export function startProcess(
  command: string,
  args: readonly string[],
  { environment = {}, cwd }: StartProcessOptions = {},
): StartedProcess {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(command, args, {
    ...(cwd ? { cwd } : {}),
    env: { PATH, HOME, NODE_COMPILE_CACHE, ...environment },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]): Ending => ({ code, signal }));
  const end = (signal: NodeJS.Signals = 'SIGTERM') => {
    if (!hasEnded(child)) child.kill(signal);
    return ended;
  };
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    log: () =>
      stdout
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line)),
    ended,
    end,
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
    },
  };
}
