/** What was done to a site, by kind, and what was found wrong on the way. */
export class Tally {
  readonly faults = new Map<string, number>();
  /** Processes ended by SIGKILL, by an injection or at a failpoint. */
  kills = 0;
  /** Of them, processes that read the shipper's pipe: each may have held one read that is in no log. */
  pipeReaderKills = 0;
  /** Of them, Redis: without a sync before each reply each takes the end of the stream along. */
  redisKills = 0;
  readonly violations: string[] = [];
  readonly #log: string[] = [];
  readonly #startedAt = performance.now();

  injected(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  violated(what: string): void {
    this.violations.push(what);
    this.note(`VIOLATION ${what}`);
  }

  note(what: string): void {
    this.#log.push(`${((performance.now() - this.#startedAt) / 1_000).toFixed(2)} s ${what}\n`);
  }

  get log(): string {
    return this.#log.join('');
  }
}
