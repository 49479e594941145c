import pc from 'picocolors';
import { count } from '../format.ts';
import type { Reading } from './reading.ts';

const BAR_WIDTH = 40;

/** Shows a reading in place on a terminal, and as plain lines elsewhere; what is said stays above it. */
export class View {
  readonly #output: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #shownLines = 0;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  say(text: string): void {
    this.#erase();
    this.#output.write(`${this.#clock()} ${pc.bold(text)}\n`);
  }

  /** @param mostBehind what fills a bar */
  show(written: number, { entries, teams }: Reading, mostBehind: number): void {
    const total = `${count(written)} lines written, ${count(entries)} entries in the stream`;
    if (!this.#output.isTTY) {
      const behind = teams.map((team) => `${team.title} ${count(team.behind)} behind`);
      this.#output.write(`${this.#clock()} ${[total, ...behind].join(' · ')}\n`);
      return;
    }
    this.#erase();
    const rows = teams.map(({ title, behind, deadLetters }) => {
      const filled = Math.min(BAR_WIDTH, Math.round((behind / Math.max(1, mostBehind)) * BAR_WIDTH));
      const bar = `${pc.yellow('█'.repeat(filled))}${pc.dim('░'.repeat(BAR_WIDTH - filled))}`;
      return `  ${title.padEnd(9)} ${bar} ${count(behind).padStart(8)} behind  ${deadLetters} dead letters`;
    });
    const lines = ['', `  ${total}`, ...rows];
    this.#output.write(`${lines.join('\n')}\n`);
    this.#shownLines = lines.length;
  }

  #erase(): void {
    if (this.#shownLines > 0) this.#output.write(`\u001b[${this.#shownLines}A\u001b[0J`);
    this.#shownLines = 0;
  }

  #clock(): string {
    return pc.dim(`${((performance.now() - this.#startedAt) / 1_000).toFixed(1).padStart(5)} s`);
  }
}
