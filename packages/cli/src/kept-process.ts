import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { asError, Backoff, systemClock } from '@distributary/core';
import type { Logger } from 'pino';
import { EXIT, type ExitCode } from './exit.ts';
import type { LogOutput } from './log-output.ts';
import { FROM_SOURCE } from './team.ts';

/** One process to be kept running. */
export interface ProcessPlan {
  /** What its log lines carry, such as `noc-1`. */
  readonly name: string;
  readonly program: 'consumer-process' | 'shipper-process';
  readonly args: readonly string[];
  /** Added to this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether it is given up when it ends by itself before it said, by a message, that it has started. Default false. */
  readonly mustStart?: boolean;
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

/**
 * A young generation this small costs a few per cent of CPU and saves a third of the memory. The collector is exposed for
 * core, which calls it where large entries have passed.
 */
const NODE_OPTIONS = [
  '--max-semi-space-size=8',
  '--expose-gc',
  ...(FROM_SOURCE ? ['--conditions=@distributary/source'] : []),
];

/**
 * Of the GNU C library: blocks above this size go back to the system when they are freed. Unless it is told, it raises the
 * bound by what it has seen, and keeps up to 70 MB of large entries that have passed.
 */
const MEMORY_GIVEN_BACK = { MALLOC_MMAP_THRESHOLD_: '1048576' };

/**
 * Runs a program as a process of its own, and again with growing pauses whenever it ends, until it is to drain.
 * @returns done if it drained in time, else why it was given up
 */
export async function keepRunning(plan: ProcessPlan, surroundings: Surroundings): Promise<ExitCode> {
  const { log, drain } = surroundings;
  const backoff = new Backoff(RESTART_PAUSES, systemClock);
  let hasStarted = !plan.mustStart;
  while (!drain.aborted) {
    const startedAt = systemClock.now();
    const { code, signal, killed, started } = await runOnce(plan, surroundings).catch((thrown: unknown): Ending => {
      log.error({ name: plan.name }, `cannot be started: ${asError(thrown).message}`);
      return NEVER_BEGAN;
    });
    hasStarted ||= started;
    if (killed) return EXIT.failed;
    // A process that has not begun yet is ended by the signal itself, and has nothing in hand.
    const drained = code === EXIT.done || signal === 'SIGTERM';
    if (drain.aborted && !drained) {
      log.error({ name: plan.name, code, signal }, 'ended before it had drained; what it had in hand is not lost');
      return EXIT.failed;
    }
    if (drain.aborted) return EXIT.done;
    if (code === EXIT.usage || (code !== null && !hasStarted)) {
      const what = code === EXIT.usage ? 'what it was started with is wrong' : 'it could not start';
      log.error({ name: plan.name }, `is not started again: ${what}`);
      return code === EXIT.usage ? EXIT.usage : EXIT.failed;
    }
    if (systemClock.now() - startedAt > STEADY_AFTER_MS) backoff.reset();
    const pauseMs = backoff.nextMs();
    log.error({ name: plan.name, code, signal, pauseMs: Math.round(pauseMs) }, 'ended unasked and is started again');
    await systemClock.sleep(pauseMs, drain);
  }
  return EXIT.done;
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly killed: boolean;
  readonly started: boolean;
}

/** The system had no process to give: that passes, and is nobody else's trouble. */
const NEVER_BEGAN: Ending = { code: null, signal: null, killed: false, started: false };

async function runOnce(plan: ProcessPlan, { log, output, drainMs, drain, kill }: Surroundings): Promise<Ending> {
  const child = start(plan, drainMs);
  log.info({ name: plan.name, pid: child.pid }, 'started');
  const lines = Promise.all([
    eachLine(child.stdout, (line) => output.write(line)),
    eachLine(child.stderr, (line) => log.warn({ name: plan.name }, line)),
  ]);
  let killed = false;
  let started = false;
  child.once('message', () => {
    started = true;
  });
  let timer: NodeJS.Timeout | undefined;
  const killNow = () => {
    killed = true;
    log.error({ name: plan.name }, 'did not drain in time and is killed; what it had in hand is not lost');
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
    return { code, signal, killed, started };
  } finally {
    drain.removeEventListener('abort', end);
    kill.removeEventListener('abort', killNow);
    clearTimeout(timer);
  }
}

function start({ name, program, args, environment }: ProcessPlan, drainMs: number): ChildProcess {
  const module = fileURLToPath(new URL(`./${program}.${FROM_SOURCE ? 'ts' : 'js'}`, import.meta.url));
  return fork(module, [name, String(drainMs), ...args], {
    env: { ...MEMORY_GIVEN_BACK, ...process.env, ...environment },
    execArgv: NODE_OPTIONS,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

async function eachLine(stream: Readable | null, take: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream })) take(line);
}
