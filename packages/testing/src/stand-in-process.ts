import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endProcess } from './end-process.ts';
import type { StandIn, StandInRequest } from './stand-in.ts';

/** A question to a stand-in in another process, and its answer. */
export interface Call {
  readonly id: number;
  readonly method: 'set' | 'next' | 'clear' | 'stored' | 'counts';
  readonly args: readonly unknown[];
}
export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly failure: string });
export type Listening = { readonly url: string } | { readonly failure: string };

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/**
 * Starts a stand-in in a process of its own, which ends with this one.
 * @throws Error when it does not begin to listen
 */
export async function forkStandIn(request: StandInRequest): Promise<StandIn> {
  const main = fileURLToPath(new URL(`./stand-in-main.${EXTENSION}`, import.meta.url));
  // Its own options alone: a debugger's port or an evaluated program is for this process.
  const child = fork(main, [JSON.stringify(request)], { execArgv: [], serialization: 'advanced' });
  const exited = once(child, 'exit');
  const first = await Promise.race([
    once(child, 'message').then(([message]) => message as Listening),
    exited.then((): Listening => ({ failure: 'it ended at once' })),
  ]);
  if ('failure' in first) throw new Error(`The ${request.speaks} stand-in does not listen: ${first.failure}.`);
  const call = caller(child);
  return {
    url: first.url,
    faults: {
      set: async (...faults) => void (await call('set', faults)),
      next: async (count, fault) => void (await call('next', [count, fault])),
      clear: async () => void (await call('clear', [])),
    },
    stored: () => call('stored', []) as ReturnType<StandIn['stored']>,
    counts: () => call('counts', []) as ReturnType<StandIn['counts']>,
    async [Symbol.asyncDispose]() {
      await endProcess(child, 'SIGKILL');
    },
  };
}

function caller(child: ChildProcess): (method: Call['method'], args: readonly unknown[]) => Promise<unknown> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  child.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('failure' in answer) asked?.reject(new Error(answer.failure));
    else asked?.resolve(answer.value);
  });
  child.once('exit', () => {
    for (const asked of waiting.values()) asked.reject(new Error('The process of the stand-in has ended.'));
  });
  return (method, args) => {
    const asked = Promise.withResolvers<unknown>();
    const id = ++lastId;
    waiting.set(id, asked);
    child.send({ id, method, args } satisfies Call, (error) => error && asked.reject(error));
    return asked.promise;
  };
}
