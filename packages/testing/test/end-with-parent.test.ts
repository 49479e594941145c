import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describeWithRedisProcess, startCollector, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';

/** A Redis heeds its signals ten times a second. */
const LOOKS_AFTER_INTERRUPT = 15;
const PARENT = fileURLToPath(new URL('./parent-process.ts', import.meta.url));

describe('a stand-in in a process of its own', () => {
  it('ends when its parent is killed, and not when both are interrupted at the terminal', () =>
    expectToEndWithParent('collector'));

  it('reports why it cannot listen', async () => {
    await using first = await startCollector({ standIn: true });
    const port = Number(new URL(first.url).port);
    await expect(startCollector({ standIn: true, process: true, port })).rejects.toThrow(/EADDRINUSE/);
  });
});

describeWithRedisProcess('a Redis server process of a parent', () => {
  it('ends when that is killed, and not when both are interrupted at the terminal', () =>
    expectToEndWithParent('redis'));
});

async function expectToEndWithParent(what: 'collector' | 'redis'): Promise<void> {
  const parent = fork(PARENT, [what], { execArgv: ['--conditions=@distributary/source'], detached: true });
  try {
    const [url] = (await once(parent, 'message')) as [string];
    const interrupted = once(parent, 'message');
    process.kill(-(parent.pid as number), 'SIGINT');
    await interrupted;
    for (let look = 0; look < LOOKS_AFTER_INTERRUPT; look++) {
      expect(await listens(url)).toBe(true);
      await setTimeout(20);
    }
    parent.kill('SIGKILL');
    await until(async () => !(await listens(url)), { describe: `${url} to be gone` });
  } finally {
    parent.kill('SIGKILL');
  }
}

function listens(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => socket.end(() => resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
