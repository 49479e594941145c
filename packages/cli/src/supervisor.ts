import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { EXIT, type ExitCode } from './exit.ts';
import { keepRunning, type ProcessPlan } from './kept-process.ts';
import type { LogOutput } from './log-output.ts';

export interface SupervisorOptions {
  readonly plans: readonly ProcessPlan[];
  readonly log: Logger;
  readonly output: LogOutput;
  readonly drainMs: number;
}

/** Keeps programs running, each as a process of its own, so that the trouble of one is nobody else's. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #drain = new AbortController();
  readonly #kill = new AbortController();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    setMaxListeners(0, this.#drain.signal, this.#kill.signal);
  }

  /**
   * Runs until all have ended; the first SIGTERM or SIGINT lets every one finish what it has in hand, the second ends
   * them at once.
   */
  async runUntilSignalled(): Promise<ExitCode> {
    const drain = (signal: NodeJS.Signals) => {
      this.#options.log.info({ signal, timeoutSeconds: this.#options.drainMs / 1_000 }, 'draining');
      if (this.#drain.signal.aborted) this.#kill.abort();
      this.#drain.abort();
    };
    process.on('SIGTERM', drain).on('SIGINT', drain);
    try {
      return await this.#run();
    } finally {
      process.off('SIGTERM', drain).off('SIGINT', drain);
    }
  }

  async #run(): Promise<ExitCode> {
    const { plans, ...rest } = this.#options;
    const surroundings = { ...rest, drain: this.#drain.signal, kill: this.#kill.signal };
    const codes = await Promise.all(plans.map((plan) => keepRunning(plan, surroundings)));
    if (codes.every((code) => code === EXIT.done)) return EXIT.done;
    return codes.every((code) => code === EXIT.usage) ? EXIT.usage : EXIT.failed;
  }
}
