import type { WriteStream } from 'node:tty';
import type { JobView } from '@distributary/replay';
import { count } from './format.ts';

const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[2K';

/** Where no terminal is, a line is written for each tenth, and for each change of state. */
const STEPS = 10;

/** A bar that moves on a terminal, and a line now and then where there is none. */
export class ProgressView implements Disposable {
  readonly #output: WriteStream;
  #shown = '';

  constructor(output: WriteStream) {
    this.#output = output;
  }

  show(job: JobView, note: string | undefined = job.progress.waitsFor): void {
    if (this.#output.isTTY) {
      this.#output.write(`${CLEAR_LINE}${bar(job, note).slice(0, this.#output.columns - 1)}`);
      return;
    }
    const shown = `${job.state} ${Math.floor(shareOf(job) * STEPS)} ${note ?? ''}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#output.write(`${line(job, note)}\n`);
  }

  [Symbol.dispose](): void {
    if (this.#output.isTTY) this.#output.write(CLEAR_LINE);
  }
}

function bar(job: JobView, note: string | undefined): string {
  const full = Math.round(shareOf(job) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${line(job, note)}`;
}

function line(job: JobView, note: string | undefined): string {
  const { kind, id, state, progress, request } = job;
  const { delivered, failed } = progress;
  const numbers = `${count(delivered)} of ${count(request.total)} delivered, ${count(failed)} failed`;
  return `${kind} ${id} ${state}: ${numbers}${note === undefined ? '' : `; ${note}`}`;
}

function shareOf({ progress: { delivered, failed }, request: { total } }: JobView): number {
  return total === 0 ? 1 : Math.min(1, (delivered + failed) / total);
}
