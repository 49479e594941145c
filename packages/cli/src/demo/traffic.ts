import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { asaLines } from '@distributary/syslog';

/** How often lines are written: few enough wake-ups, and still a flow and not gusts. */
const TICK_MS = 50;

/** Firewall traffic into a named pipe, at a steady rate, as rsyslog writes it. */
export class Traffic {
  readonly #path: string;
  readonly #perSecond: number;
  readonly #lines = asaLines({ seed: 20_261_123 });
  #written = 0;

  constructor(path: string, perSecond: number) {
    this.#path = path;
    this.#perSecond = perSecond;
  }

  /** Lines that the pipe has taken. */
  get written(): number {
    return this.#written;
  }

  /** Writes until the signal aborts; waits where the pipe is full, and catches up. */
  async run(signal: AbortSignal): Promise<void> {
    await using pipe = await open(this.#path, 'w');
    const startedAt = performance.now();
    while (!signal.aborted) {
      const due = Math.floor(((performance.now() - startedAt) / 1_000) * this.#perSecond) - this.#written;
      if (due > 0) {
        const lines = Array.from({ length: due }, () => `${this.#lines.next().value}\n`);
        await pipe.appendFile(lines.join(''));
        this.#written += due;
      }
      await sleep(TICK_MS);
    }
  }
}
