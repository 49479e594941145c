import { type ChildProcess, fork } from 'node:child_process';
import {
  deadLetterFields,
  Entry,
  type EntryId,
  groupStatus,
  type RedisArgument,
  RedisConnection,
} from '@distributary/core';
import { DeadLetterStream, type FiledLetter, JobQueue, type JobRequest, type JobView } from '@distributary/replay';
import { endProcess, type RedisFixture, until } from '@distributary/testing';
import { GROUP, type TeamEnvironment } from './team.ts';

type Message = Record<string, unknown> & { readonly name: string };

/** A process of the team, with what it said of its jobs. */
export interface TeamProcess {
  readonly child: ChildProcess;
  readonly said: Message[];
}

type TeamSettings = Pick<TeamEnvironment, 'username' | 'claimIdleMs' | 'deadLetterQuota'> & {
  readonly failpoint?: string;
};

/** The request without what a test does not care about. */
type Asked<Request extends JobRequest = JobRequest> = Request extends JobRequest
  ? Omit<Request, 'by' | 'rate' | 'total'> & { readonly rate?: number }
  : never;

/** A stream of one test's own with the team's group on it, its dead letters, its jobs and its processes. */
export class TestGroup implements AsyncDisposable {
  readonly stream: string;
  readonly redis: RedisConnection;
  readonly letters: DeadLetterStream;
  readonly jobs: JobQueue;
  readonly #url: string;
  readonly #processes: ChildProcess[] = [];

  private constructor(url: string, stream: string, jobs: JobQueue) {
    this.#url = url;
    this.stream = stream;
    this.jobs = jobs;
    this.redis = new RedisConnection({ url }, 'test');
    this.letters = new DeadLetterStream(this.redis, { stream, group: GROUP });
  }

  static async create({ url }: RedisFixture): Promise<TestGroup> {
    const stream = `stream-${process.pid}-${++streams}`;
    return new TestGroup(url, stream, await JobQueue.open({ url }, { stream, group: GROUP }));
  }

  call(command: string, ...args: RedisArgument[]): Promise<unknown> {
    return this.redis.call(command, ...args);
  }

  async add(...lines: string[]): Promise<EntryId[]> {
    const ids: EntryId[] = [];
    for (const line of lines) ids.push(String(await this.call('XADD', this.stream, '*', 'line', line)) as EntryId);
    return ids;
  }

  /** Sets lines aside as if their sink had refused them. */
  async setAside(lines: readonly string[]): Promise<EntryId[]> {
    const ids: EntryId[] = [];
    for (const line of lines) {
      const [id] = (await this.add(line)) as [EntryId];
      const entry = new Entry(id, ['line', line].map(Buffer.from));
      const letter = { entry, verdict: 'rejected', reason: 'a bad line', attempts: 1 } as const;
      const fields = deadLetterFields(letter, { stream: this.stream, group: GROUP, consumer: 'a' });
      ids.push(String(await this.call('XADD', this.letters.key, '*', ...fields)) as EntryId);
    }
    return ids;
  }

  /** Creates the group behind everything that was added. */
  async createGroup(): Promise<void> {
    await this.call('XGROUP', 'CREATE', this.stream, GROUP, '$', 'MKSTREAM');
  }

  /** @param failpoint what DISTRIBUTARY_FAILPOINT is to say in that process */
  start(consumer: string = 'a', { failpoint = '', ...more }: TeamSettings = {}): TeamProcess {
    const program = new URL('team-process.ts', import.meta.url);
    const environment: TeamEnvironment = { url: this.#url, stream: this.stream, consumer, ...more };
    const child = fork(program, [JSON.stringify(environment)], {
      env: { ...process.env, DISTRIBUTARY_FAILPOINT: failpoint },
      execArgv: ['--conditions=@distributary/source', '--disable-warning=ExperimentalWarning'],
    });
    const said: Message[] = [];
    child.on('message', (message) => said.push(message as Message));
    this.#processes.push(child);
    return { child, said };
  }

  ask(request: Asked): Promise<string> {
    return this.jobs.add({ by: 'test', rate: 10_000, total: 0, ...request } as JobRequest);
  }

  ended(id: string): Promise<JobView> {
    return until(async () => {
      const job = await this.jobs.find(id);
      return job?.endedAt !== undefined && job;
    });
  }

  /** What the destination has, in order, as often as it came. */
  async received(list: string = `${this.stream}:received`): Promise<string[]> {
    return ((await this.call('LRANGE', list, 0, -1)) as Buffer[]).map(String);
  }

  async deadLetters(): Promise<FiledLetter[]> {
    const letters: FiledLetter[] = [];
    for await (const page of this.letters.select()) letters.push(...page);
    return letters;
  }

  /** The lines that are dead letters, oldest first. */
  async deadLines(): Promise<string[]> {
    return (await this.deadLetters()).map(({ entry }) => entry.text('line') ?? '');
  }

  status() {
    return groupStatus(this.redis, { stream: this.stream, group: GROUP });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((child) => endProcess(child, 'SIGKILL')));
    await this.jobs[Symbol.asyncDispose]();
    this.redis.close();
  }
}

let streams = 0;

export function lines(count: number, prefix: string = 'line'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
}
