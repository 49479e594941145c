import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/distributary.js', import.meta.url));

/** How long a command may take to end after SIGTERM before it is killed. */
const END_WITHIN_MS = 30_000;

/** A line of the log of a `distributary` command. */
export interface LogLine {
  readonly level: string;
  readonly process: string;
  readonly msg: string;
  readonly reason?: string;
  readonly name?: string;
  readonly pid?: number;
}

/** A `distributary` command as a process of its own, as an operator runs it. An interrupt at the terminal does not reach it. */
export class Spawned implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #pids = new Map<string, number>();
  readonly #log: LogLine[] = [];
  readonly #tell: (line: LogLine) => void;
  readonly #endWithUs = () => this.#child.kill('SIGTERM');

  /** @param tell told of each line of its log as it comes */
  constructor(args: readonly string[], environment: Readonly<Record<string, string>>, tell: (line: LogLine) => void) {
    this.#tell = tell;
    const env = { ...process.env, ...environment };
    this.#child = spawn(process.execPath, [COMMAND, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#exited = once(this.#child, 'exit');
    process.once('exit', this.#endWithUs);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Everything that it said so far. */
  get log(): readonly LogLine[] {
    return this.#log;
  }

  /** The process of a consumer, by the name that its log lines carry. */
  pidOf(consumer: string): number | undefined {
    return this.#pids.get(consumer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#endWithUs);
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #take(text: string): void {
    const line = parsed(text);
    this.#log.push(line);
    this.#tell(line);
    if (line.name !== undefined && line.pid !== undefined) this.#pids.set(line.name, line.pid);
  }
}

function parsed(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'error', process: 'distributary', msg: text };
  }
}
