import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { EXIT, type ExitCode } from './exit.ts';
import { type ConsumerPlan, keepRunning } from './kept-process.ts';
import type { LogOutput } from './log-output.ts';

export interface SupervisorOptions {
  readonly plans: readonly ConsumerPlan[];
  readonly log: Logger;
  readonly output: LogOutput;
  readonly drainMs: number;
}

/** Keeps consumers running, each as a process of its own, so that the trouble of one is nobody else's. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #drain = new AbortController();
  readonly #kill = new AbortController();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    setMaxListeners(0, this.#drain.signal, this.#kill.signal);
  }

  /** Resolves when all of them have ended: drained, or given up. */
  async run(): Promise<ExitCode> {
    const { plans, ...rest } = this.#options;
    const surroundings = { ...rest, drain: this.#drain.signal, kill: this.#kill.signal };
    const drained = await Promise.all(plans.map((plan) => keepRunning(plan, surroundings)));
    if (drained.every(Boolean)) return EXIT.done;
    return this.#drain.signal.aborted ? EXIT.failed : EXIT.usage;
  }

  /** Lets every consumer finish what it has in hand, and end. Asked a second time, ends them at once. */
  drain(): void {
    if (this.#drain.signal.aborted) this.#kill.abort();
    this.#drain.abort();
  }
}
