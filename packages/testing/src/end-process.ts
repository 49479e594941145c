import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Ends a process that may have ended already, and waits for it.
 * @param how the signal, or another way to tell it
 * @returns its exit code; null when a signal ended it
 */
export async function endProcess(
  child: ChildProcess,
  how: NodeJS.Signals | ((child: ChildProcess) => void) = 'SIGTERM',
): Promise<number | null> {
  if (hasEnded(child)) return child.exitCode;
  const exited = once(child, 'exit') as Promise<[number | null]>;
  if (typeof how === 'string') child.kill(how);
  else how(child);
  return (await exited)[0];
}

/** Whether it has, or never began. */
export function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
