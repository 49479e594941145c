import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RedisConnection } from '@distributary/core';
import { type StartedProcess, startRedis, temporaryFolder, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { FILE_TEAM, run, start } from './distributary.ts';

/** The team, running on a Redis and a file of its own. */
class Fixture implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly admin: RedisConnection;
  readonly running: StartedProcess;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(
    stack: AsyncDisposableStack,
    admin: RedisConnection,
    running: StartedProcess,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#stack = stack;
    this.admin = admin;
    this.running = running;
    this.#environment = environment;
  }

  static start(...args: string[]): Promise<Fixture> {
    return Fixture.startWith({}, ...args);
  }

  static async startWith(own: Readonly<Record<string, string>>, ...args: string[]): Promise<Fixture> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    const folder = stack.use(await temporaryFolder());
    const admin = new RedisConnection({ url: redis.url }, 'test');
    stack.defer(() => admin.close());
    const environment = {
      REDIS_URL: redis.url,
      FILE_TEAM_OUTPUT: join(folder.path, 'lines'),
      DISTRIBUTARY_CLAIM_IDLE_MS: '500',
      DISTRIBUTARY_CONSUMER: 'host',
      ...own,
    };
    const running = stack.use(start(['run', FILE_TEAM, ...args], environment));
    return new Fixture(stack.move(), admin, running, environment);
  }

  /** Another host of the same team. */
  sibling(own: Readonly<Record<string, string>>): StartedProcess {
    const environment = { ...this.#environment, DISTRIBUTARY_CONSUMER: 'sibling', ...own };
    return this.#stack.use(start(['run', FILE_TEAM], environment));
  }

  /** Process IDs in the order in which they were started. */
  pids(): number[] {
    return this.running
      .log()
      .filter(({ msg }) => msg === 'started')
      .map(({ pid }) => Number(pid));
  }

  async add(...lines: string[]): Promise<void> {
    for (const line of lines) await this.admin.call('XADD', 'cli_stream', '*', 'line', line);
  }

  async consumers(): Promise<string[]> {
    const consumers = (await this.admin.call('XINFO', 'CONSUMERS', 'cli_stream', 'file_team')) as unknown[][];
    return consumers.map(([, name]) => String(name)).sort();
  }

  async delivered(): Promise<string[]> {
    return (await readFile(this.#environment['FILE_TEAM_OUTPUT'] as string, 'utf8')).split('\n').filter(Boolean).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

it('runs each replica as a process and a consumer of its own, and drains on SIGTERM', async () => {
  await using team = await Fixture.start('--replicas', '2');
  await team.add('one', 'two', 'three');
  await until(async () => (await team.delivered()).length === 3);
  await until(async () => (await team.consumers()).join() === 'host-1,host-2');
  expect(new Set(team.pids()).size).toBe(2);
  team.running.process.kill('SIGTERM');
  expect(await team.running.ended).toEqual({ code: 0, signal: null });
  expect(
    team.running.log().filter(({ msg, process }) => msg === 'stopped' && String(process).startsWith('file-team-')),
  ).toHaveLength(2);
});

it('drains although its consumers have hardly begun', async () => {
  await using team = await Fixture.start('--replicas', '2');
  await until(() => team.pids().length === 2);
  expect(await team.running.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

it('starts a consumer again that was killed, with what it had in hand', async () => {
  await using team = await Fixture.start();
  await until(() => team.running.log().some(({ msg }) => msg === 'running'));
  process.kill(team.pids()[0] as number, 'SIGKILL');
  await team.add('after the kill');
  await until(async () => (await team.delivered()).includes('after the kill'));
  expect(team.pids()).toHaveLength(2);
  expect(team.running.log()).toContainEqual(
    expect.objectContaining({ level: 'error', signal: 'SIGKILL', msg: 'ended unasked and is started again' }),
  );
});

it('gives a consumer up that has not drained in time; its entries stay pending, and the exit code is 1', async () => {
  await using team = await Fixture.start('--drain-timeout', '1', '--metrics-port', '0');
  await team.add('slow one');
  await until(async () => ((await team.admin.call('XPENDING', 'cli_stream', 'file_team')) as [number])[0] === 1);
  team.running.process.kill('SIGTERM');
  expect((await team.running.ended).code).toBe(1);
  expect(team.running.stdout()).not.toContain('metrics and health');
  expect(((await team.admin.call('XPENDING', 'cli_stream', 'file_team')) as [number])[0]).toBe(1);
});

it('hands back what it cannot finish, and a sibling has it long before the lease runs out', async () => {
  const lease = { DISTRIBUTARY_CLAIM_IDLE_MS: '3600000' };
  await using team = await Fixture.startWith(lease, '--drain-timeout', '2');
  await team.add('slow one', 'behind it', 'and another');
  await until(async () => ((await team.admin.call('XPENDING', 'cli_stream', 'file_team')) as [number])[0] === 3);
  const sibling = team.sibling({ FILE_TEAM_QUICK: 'yes' });
  await until(() => sibling.log().some(({ msg }) => msg === 'connected to Redis'));
  expect((await team.running.end('SIGTERM')).code).toBe(1);
  expect(team.running.log()).toContainEqual(
    expect.objectContaining({ count: 3, msg: expect.stringContaining('handed back') }),
  );
  await until(async () => (await team.delivered()).length === 3);
  expect(await team.delivered()).toEqual(['and another', 'behind it', 'slow one']);
  expect((await sibling.end('SIGTERM')).code).toBe(0);
  expect(((await team.admin.call('XPENDING', 'cli_stream', 'file_team')) as [number])[0]).toBe(0);
  expect((await team.consumers()).filter((name) => name !== 'handed-back')).toEqual([]);
});

it('leaves a team alone whose sibling cannot start: that one is tried again and again, with pauses', async () => {
  await using broken = await temporaryFolder();
  await writeFile(
    join(broken.path, 'package.json'),
    JSON.stringify({ type: 'module', exports: './index.js', distributary: { stream: 'cli_stream', group: 'broken' } }),
  );
  await writeFile(
    join(broken.path, 'index.js'),
    `export default class { constructor() { throw new Error('no luck'); } }`,
  );
  await using team = await Fixture.start(broken.path);
  const restarts = () => team.running.log().filter(({ msg }) => msg === 'ended unasked and is started again');
  await until(() => restarts().length >= 2);
  await team.add('all the same');
  await until(async () => (await team.delivered()).includes('all the same'));
  for (const [i, { pauseMs }] of restarts().entries()) {
    expect(pauseMs).toBeGreaterThanOrEqual(50 * 2 ** i);
    expect(pauseMs).toBeLessThanOrEqual(500 * 2 ** i);
  }
  expect(restarts().every(({ name, code }) => name === basename(broken.path) && code === 1)).toBe(true);
  const started = team.running.log().filter(({ msg, name }) => msg === 'started' && name === 'file-team');
  expect(started).toHaveLength(1);
});

it('runs of the packages given only those that it is told to, and knows no others', async () => {
  await using team = await Fixture.start('consumers/noc', 'consumers/security', '--only', 'file-team');
  await team.add('one');
  await until(async () => (await team.delivered()).includes('one'));
  expect(team.running.log().filter(({ msg }) => msg === 'started')).toEqual([
    expect.objectContaining({ name: 'file-team' }),
  ]);
  const { code, stderr } = await run(['run', 'consumers/noc', '--only', 'nok']);
  expect(code).toBe(2);
  expect(stderr).toContain('--only names nok, and the packages given are noc');
});

it('kills its consumers at the second signal, and says so by its exit code', async () => {
  await using team = await Fixture.start('--drain-timeout', '60');
  await team.add('slow one');
  await until(async () => ((await team.admin.call('XPENDING', 'cli_stream', 'file_team')) as [number])[0] === 1);
  team.running.process.kill('SIGINT');
  await until(() => team.running.log().some(({ msg }) => msg === 'draining'));
  team.running.process.kill('SIGINT');
  expect((await team.running.ended).code).toBe(1);
});

it('leaves no consumer behind when it is killed itself', async () => {
  await using team = await Fixture.start('--replicas', '2');
  await until(() => team.running.log().filter(({ msg }) => msg === 'running').length === 2);
  team.running.process.kill('SIGKILL');
  await until(() => team.pids().every((pid) => !isAlive(pid)), { timeoutMs: 20_000 });
});

it('leaves no consumer behind that was still being loaded, either', async () => {
  await using team = await Fixture.start();
  await until(() => team.pids().length === 1);
  team.running.process.kill('SIGKILL');
  await until(() => team.pids().every((pid) => !isAlive(pid)), { timeoutMs: 20_000 });
});

it('does not start a consumer again whose environment is wrong, and ends with 2', async () => {
  await using redis = await startRedis();
  const { code, stdout } = await run(['run', 'consumers/noc'], { environment: { REDIS_URL: redis.url } });
  expect(stdout).toContain('ELASTICSEARCH_URL is not set. Set it to the base address');
  expect(stdout).toContain('is not started again');
  expect(code).toBe(2);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
