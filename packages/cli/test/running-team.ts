import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisConnection } from '@distributary/core';
import { type StartedProcess, startRedis, temporaryFolder, until } from '@distributary/testing';
import { FILE_TEAM, run, start } from './distributary.ts';

/** What every command about the team's group is given. */
export const OF_TEAM = ['--group', 'file_team', '--stream', 'cli_stream'] as const;

/** The team of files on a Redis of its own, with the commands of an operator beside it. */
export class RunningTeam implements AsyncDisposable {
  readonly admin: RedisConnection;
  readonly file: string;
  readonly environment: Record<string, string>;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    { url, folder, own }: { readonly url: string; readonly folder: string; readonly own: Record<string, string> },
  ) {
    this.#stack = stack;
    this.admin = new RedisConnection({ url }, 'test');
    stack.defer(() => this.admin.close());
    this.file = join(folder, 'lines');
    this.environment = { REDIS_URL: url, FILE_TEAM_OUTPUT: this.file, DISTRIBUTARY_CLAIM_IDLE_MS: '1500', ...own };
  }

  /** @param own of the environment of all that is started */
  static async open(own: Record<string, string> = {}): Promise<RunningTeam> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    const folder = stack.use(await temporaryFolder());
    return new RunningTeam(stack.move(), { url: redis.url, folder: folder.path, own });
  }

  /** Starts `distributary run` for the team, and waits for nothing. */
  launch(args: readonly string[] = [], environment: Record<string, string> = {}): StartedProcess {
    return this.#stack.use(start(['run', FILE_TEAM, ...args], { ...this.environment, ...environment }));
  }

  /** Starts a process of the team, and waits until it runs. */
  async start(environment: Record<string, string> = {}): Promise<StartedProcess> {
    const running = this.launch([], environment);
    await until(() => running.log().some(({ msg }) => msg === 'running'));
    return running;
  }

  /** Runs a command about the team's group. */
  command(...args: readonly string[]) {
    return run([...args, ...OF_TEAM], { environment: this.environment });
  }

  async add(...lines: readonly string[]): Promise<string[]> {
    const ids = lines.map((line) => this.admin.call('XADD', 'cli_stream', '*', 'line', line));
    return (await Promise.all(ids)).map(String);
  }

  /** What the destination has, in order, as often as it came. */
  async received(file: string = this.file): Promise<string[]> {
    return (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  }

  async pending(): Promise<number> {
    return Number(((await this.admin.call('XPENDING', 'cli_stream', 'file_team')) as [number])[0]);
  }

  /** From now on no line is bad. */
  async mend(): Promise<void> {
    await writeFile(`${this.file}.mended`, '');
  }

  async deadLetters(): Promise<number> {
    return Number(await this.admin.call('XLEN', 'distributary:{cli_stream}:file_team:dead-letters'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
