import { type ChildProcess, spawn } from 'node:child_process';

/** Ends a process as soon as this one has ended, however that happens; until it is disposed of. */
export function guard({ pid }: ChildProcess): Disposable {
  if (pid === undefined) return { [Symbol.dispose]: () => undefined };
  // The end of its input is the end of the process that holds the other end.
  const watcher = spawn('sh', ['-c', `read -r _; kill -9 ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  return { [Symbol.dispose]: () => void watcher.kill('SIGKILL') };
}
