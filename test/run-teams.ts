import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../packages/cli/bin/distributary.js', import.meta.url));

/** `distributary run …` as an operator runs it: a process of its own, ended with the test. */
export interface RunningTeams extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Everything it logged so far, JSON lines. */
  readonly log: () => string;
  /** Sends the signal and waits for the end. @returns the exit code */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** The process IDs of its consumers. */
  consumerPids(): number[];
}

/** @param environment added to a clean one, so that no variable of the machine's leaks in */
export function runTeams(args: readonly string[], environment: Record<string, string>): RunningTeams {
  const child = spawn(process.execPath, [COMMAND, 'run', ...args], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'debug', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return (await exited)[0];
  };
  return {
    process: child,
    log: () => output,
    end,
    consumerPids: () => childrenOf(child.pid as number),
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}
