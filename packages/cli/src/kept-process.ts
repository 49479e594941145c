import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Backoff, systemClock } from '@distributary/core';
import type { Logger } from 'pino';
import { EXIT } from './exit.ts';
import type { LogOutput } from './log-output.ts';
import { FROM_SOURCE } from './team.ts';

/** One consumer to be kept running. */
export interface ConsumerPlan {
  readonly folder: string;
  /** What its log lines carry, such as `noc-1`. */
  readonly name: string;
  /** Its name within the group. */
  readonly consumer: string;
}

export interface Surroundings {
  readonly log: Logger;
  readonly output: LogOutput;
  /** How long it may take to drain. */
  readonly drainMs: number;
  /** Take nothing new, finish, end. */
  readonly drain: AbortSignal;
  /** End at once; what is in hand stays pending. */
  readonly kill: AbortSignal;
}

const RESTART_PAUSES = { minMs: 500, maxMs: 30_000 };

/** Who ran this long before ending is restarted as soon as one that ended for the first time. */
const STEADY_AFTER_MS = 60_000;

/** Above what `stop` of a consumer needs to give up by itself. */
const KILL_AFTER_DRAIN_MS = 2_000;

/** A young generation this small costs a few per cent of CPU and saves a third of the memory. */
const NODE_OPTIONS = ['--max-semi-space-size=8', ...(FROM_SOURCE ? ['--conditions=@distributary/source'] : [])];

/**
 * Runs one consumer as a process of its own, and again with growing pauses whenever it ends, until it is to drain.
 * @returns whether it drained in time and was not given up before
 */
export async function keepRunning(plan: ConsumerPlan, surroundings: Surroundings): Promise<boolean> {
  const { log, drain } = surroundings;
  const backoff = new Backoff(RESTART_PAUSES, systemClock);
  while (!drain.aborted) {
    const startedAt = systemClock.now();
    const { code, signal, killed } = await runOnce(plan, surroundings);
    if (killed) return false;
    if (drain.aborted) return code === EXIT.done;
    if (code === EXIT.usage) {
      log.error({ consumer: plan.name }, 'is not started again: what it was started with is wrong');
      return false;
    }
    if (systemClock.now() - startedAt > STEADY_AFTER_MS) backoff.reset();
    const pauseMs = backoff.nextMs();
    log.error(
      { consumer: plan.name, code, signal, pauseMs: Math.round(pauseMs) },
      'ended unasked and is started again',
    );
    await systemClock.sleep(pauseMs, drain);
  }
  return true;
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly killed: boolean;
}

async function runOnce(plan: ConsumerPlan, { log, output, drainMs, drain, kill }: Surroundings): Promise<Ending> {
  const child = start(plan, drainMs);
  log.info({ consumer: plan.name, pid: child.pid }, 'started');
  const lines = Promise.all([
    eachLine(child.stdout, (line) => output.write(line)),
    eachLine(child.stderr, (line) => log.warn({ consumer: plan.name }, line)),
  ]);
  let killed = false;
  let timer: NodeJS.Timeout | undefined;
  const killNow = () => {
    killed = true;
    log.error({ consumer: plan.name }, 'did not drain in time and is killed; what it had in hand stays pending');
    child.kill('SIGKILL');
  };
  const end = () => {
    child.kill('SIGTERM');
    timer = setTimeout(killNow, drainMs + KILL_AFTER_DRAIN_MS);
  };
  drain.addEventListener('abort', end, { once: true });
  kill.addEventListener('abort', killNow, { once: true });
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    await lines;
    return { code, signal, killed };
  } finally {
    drain.removeEventListener('abort', end);
    kill.removeEventListener('abort', killNow);
    clearTimeout(timer);
  }
}

function start({ folder, name, consumer }: ConsumerPlan, drainMs: number): ChildProcess {
  const module = fileURLToPath(new URL(`./consumer-process.${FROM_SOURCE ? 'ts' : 'js'}`, import.meta.url));
  return fork(module, [folder, name, String(drainMs)], {
    env: { ...process.env, DISTRIBUTARY_CONSUMER: consumer },
    execArgv: NODE_OPTIONS,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

async function eachLine(stream: Readable | null, take: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream })) take(line);
}
