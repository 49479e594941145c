import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { endProcess } from '@distributary/testing';
import type { House } from './test-shipper.ts';

const children = new Set<ChildProcess>();

/** A shipper as a process of its own, once it reads its input; it ends itself with SIGKILL when it is sent anything. */
export async function startShipperChild(url: string, house: House, confirm: string[] = []): Promise<ChildProcess> {
  const program = new URL('shipper-process.ts', import.meta.url);
  const child = fork(program, [url, house.stream, house.folder, ...confirm], {
    execArgv: ['--conditions=@distributary/source', '--disable-warning=ExperimentalWarning'],
    stdio: ['pipe', confirm.length > 0 ? 'pipe' : 'inherit', 'inherit', 'ipc'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.stdin?.on('error', () => undefined);
  await once(child, 'message');
  return child;
}

/** Ends those that a test has left. */
export async function endShipperChildren(): Promise<void> {
  for (const child of children) await endProcess(child, 'SIGKILL');
}
