/** What happened in a run, in virtual milliseconds since its start; costs nothing while nobody wants it. */
export class Trace {
  readonly #wanted: boolean;
  readonly #lines: string[] = [];

  constructor(wanted: boolean) {
    this.#wanted = wanted;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  add(ms: number, who: string, what: string): void {
    if (this.#wanted) this.#lines.push(`${(ms - 1_000_000).toFixed(1).padStart(9)} ${who.padEnd(10)} ${what}`);
  }
}
