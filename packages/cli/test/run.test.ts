import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisConnection } from '@distributary/core';
import { type StartedProcess, startRedis, temporaryFolder, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { FILE_TEAM, run, start } from './distributary.ts';

/** The team, running on a Redis and a file of its own. */
class Fixture implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly admin: RedisConnection;
  readonly running: StartedProcess;
  readonly #file: string;

  private constructor(stack: AsyncDisposableStack, admin: RedisConnection, running: StartedProcess, file: string) {
    this.#stack = stack;
    this.admin = admin;
    this.running = running;
    this.#file = file;
  }

  static async start(...args: string[]): Promise<Fixture> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    const folder = stack.use(await temporaryFolder());
    const admin = new RedisConnection({ url: redis.url }, 'test');
    stack.defer(() => admin.close());
    const file = join(folder.path, 'lines');
    const environment = {
      REDIS_URL: redis.url,
      FILE_TEAM_OUTPUT: file,
      DISTRIBUTARY_CLAIM_IDLE_MS: '500',
      DISTRIBUTARY_CONSUMER: 'host',
    };
    const running = stack.use(start(['run', FILE_TEAM, ...args], environment));
    return new Fixture(stack.move(), admin, running, file);
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
    return (await readFile(this.#file, 'utf8')).split('\n').filter(Boolean).sort();
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
