import type { StartedProcess } from '@distributary/testing';
import { consumerPids, startCommand } from '../commands.ts';

/** What a team's `distributary run` or the shipper's `distributary ship` is started with, again and again. */
export interface CommandPlan {
  /** What its logs are called. */
  readonly name: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** How SIGTERM ended a command. */
export type Drained = 'before it began' | `with ${number | NodeJS.Signals | null}`;

type LogLine = Record<string, unknown>;

/** Ends within what it is given to drain, the supervisor's own two seconds and those of a busy machine. */
const ENDS_WITHIN_MS = 20_000;

/** A command and the processes below it, killed, stopped and started again as a schedule has it. */
export class ChaosCommand {
  readonly name: string;
  readonly #plan: CommandPlan;
  readonly #runs: StartedProcess[] = [];

  constructor(plan: CommandPlan) {
    this.name = plan.name;
    this.#plan = plan;
  }

  start(environment: Readonly<Record<string, string>> = {}): void {
    this.#runs.push(startCommand(this.#plan.args, { ...this.#plan.environment, ...environment }));
  }

  /** The same command beside this one, under the same names; its logs count as this one's. */
  startTwin(): StartedProcess {
    const twin = startCommand(this.#plan.args, this.#plan.environment);
    this.#runs.unshift(twin);
    return twin;
  }

  /** The processes that the supervisor runs; none while it waits to start one again. */
  get pids(): number[] {
    try {
      return this.#current ? consumerPids(this.#current) : [];
    } catch {
      return [];
    }
  }

  /** How many consumers the supervisor has seen end by SIGKILL since it was started. */
  get consumersKilled(): number {
    const isKill = (line: LogLine) =>
      line['msg'] === 'ended unasked and is started again' && line['signal'] === 'SIGKILL';
    return this.#log.filter(isKill).length;
  }

  /** How many times a consumer has begun since the supervisor was started. */
  get consumersBegun(): number {
    return this.#log.filter(({ msg }) => msg === 'running').length;
  }

  signal(pids: readonly number[], signal: NodeJS.Signals): void {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended since.
      }
    }
  }

  /** SIGKILL for the supervisor alone: what it ran notices, and finishes by itself. */
  async killSupervisor(): Promise<void> {
    this.#current?.process.kill('SIGKILL');
    await this.#exited();
  }

  /** SIGKILL for the supervisor and all that it runs. @returns how many processes that were */
  async killAll(): Promise<number> {
    const killed = this.killNow();
    await this.#exited();
    return killed;
  }

  /** As `killAll`, without waiting for the end. */
  killNow(): number {
    const { pids } = this;
    this.#current?.process.kill('SIGKILL');
    this.signal(pids, 'SIGKILL');
    return pids.length + 1;
  }

  /** Ends it with SIGTERM. @returns how it ended; undefined when it had to be killed, for it did not */
  async drain(): Promise<Drained | undefined> {
    const run = this.#current as StartedProcess;
    const { pids } = this;
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, ENDS_WITHIN_MS, undefined).unref());
    const ended = await Promise.race([run.end('SIGTERM'), late]);
    if (ended === undefined) this.signal(pids, 'SIGKILL');
    if (ended === undefined) run.process.kill('SIGKILL');
    if (ended === undefined) return undefined;
    // A program that is being loaded ends at once, and has taken nothing yet.
    return ended.signal === 'SIGTERM' && run.stdout() === '' ? 'before it began' : `with ${ended.code ?? ended.signal}`;
  }

  /** Every line that its processes wrote, one text per start. */
  logs(): string[] {
    return this.#runs.map((run) => run.stdout() + run.stderr());
  }

  get #log(): LogLine[] {
    return this.#current?.log() ?? [];
  }

  get #current(): StartedProcess | undefined {
    return this.#runs.at(-1);
  }

  /** Of the supervisor itself: the processes that it leaves behind may keep its output open for longer. */
  async #exited(): Promise<void> {
    const child = this.#current?.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => child.once('exit', resolve));
  }
}
