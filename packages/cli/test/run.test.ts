import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type StartedProcess, startRedis, temporaryFolder, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { run } from './distributary.ts';
import { RunningTeam } from './running-team.ts';

const HOST = { DISTRIBUTARY_CLAIM_IDLE_MS: '500', DISTRIBUTARY_CONSUMER: 'host' };

it('runs each replica as a process and a consumer of its own, and drains on SIGTERM', async () => {
  await using team = await RunningTeam.open(HOST);
  const running = team.launch(['--replicas', '2']);
  await team.add('one', 'two', 'three');
  await until(async () => (await team.received()).length === 3);
  await until(async () => (await consumersOf(team)).join() === 'host-1,host-2');
  expect(new Set(pidsOf(running)).size).toBe(2);
  running.process.kill('SIGTERM');
  expect(await running.ended).toEqual({ code: 0, signal: null });
  expect(
    running.log().filter(({ msg, process }) => msg === 'stopped' && String(process).startsWith('file-team-')),
  ).toHaveLength(2);
});

it('drains although its consumers have hardly begun', async () => {
  await using team = await RunningTeam.open(HOST);
  const running = team.launch(['--replicas', '2']);
  await until(() => pidsOf(running).length === 2);
  expect(await running.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

it('starts a consumer again that was killed, with what it had in hand', async () => {
  await using team = await RunningTeam.open(HOST);
  const running = await team.start();
  process.kill(pidsOf(running)[0] as number, 'SIGKILL');
  await team.add('after the kill');
  await until(async () => (await team.received()).includes('after the kill'));
  expect(pidsOf(running)).toHaveLength(2);
  expect(running.log()).toContainEqual(
    expect.objectContaining({ level: 'error', signal: 'SIGKILL', msg: 'ended unasked and is started again' }),
  );
});

it('gives a consumer up that has not drained in time; its entries stay pending, and the exit code is 1', async () => {
  await using team = await RunningTeam.open(HOST);
  const running = team.launch(['--drain-timeout', '1', '--metrics-port', '0']);
  await team.add('slow one');
  await until(async () => (await team.pending()) === 1);
  running.process.kill('SIGTERM');
  expect((await running.ended).code).toBe(1);
  expect(running.stdout()).not.toContain('metrics and health');
  expect(await team.pending()).toBe(1);
});

it('hands back what it cannot finish, and a sibling has it long before the lease runs out', async () => {
  await using team = await RunningTeam.open({ ...HOST, DISTRIBUTARY_CLAIM_IDLE_MS: '3600000' });
  const running = team.launch(['--drain-timeout', '2']);
  await team.add('slow one', 'behind it', 'and another');
  await until(async () => (await team.pending()) === 3);
  const sibling = team.launch([], { DISTRIBUTARY_CONSUMER: 'sibling', FILE_TEAM_QUICK: 'yes' });
  await until(() => sibling.log().some(({ msg }) => msg === 'connected to Redis'));
  expect((await running.end('SIGTERM')).code).toBe(1);
  expect(running.log()).toContainEqual(
    expect.objectContaining({ count: 3, msg: expect.stringContaining('handed back') }),
  );
  await until(async () => (await team.received()).length === 3);
  expect((await team.received()).sort()).toEqual(['and another', 'behind it', 'slow one']);
  expect((await sibling.end('SIGTERM')).code).toBe(0);
  expect(await team.pending()).toBe(0);
  expect((await consumersOf(team)).filter((name) => name !== 'handed-back')).toEqual([]);
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
  await using team = await RunningTeam.open(HOST);
  const running = team.launch([broken.path]);
  const restarts = () => running.log().filter(({ msg }) => msg === 'ended unasked and is started again');
  await until(() => restarts().length >= 2);
  await team.add('all the same');
  await until(async () => (await team.received()).includes('all the same'));
  for (const [i, { pauseMs }] of restarts().entries()) {
    expect(pauseMs).toBeGreaterThanOrEqual(50 * 2 ** i);
    expect(pauseMs).toBeLessThanOrEqual(500 * 2 ** i);
  }
  expect(restarts().every(({ name, code }) => name === basename(broken.path) && code === 1)).toBe(true);
  const started = running.log().filter(({ msg, name }) => msg === 'started' && name === 'file-team');
  expect(started).toHaveLength(1);
});

it('runs of the packages given only those that it is told to, and knows no others', async () => {
  await using team = await RunningTeam.open(HOST);
  const running = team.launch(['consumers/noc', 'consumers/security', '--only', 'file-team']);
  await team.add('one');
  await until(async () => (await team.received()).includes('one'));
  expect(running.log().filter(({ msg }) => msg === 'started')).toEqual([
    expect.objectContaining({ name: 'file-team' }),
  ]);
  const { code, stderr } = await run(['run', 'consumers/noc', '--only', 'nok']);
  expect(code).toBe(2);
  expect(stderr).toContain('--only names nok, and the packages given are noc');
});

it('kills its consumers at the second signal, and says so by its exit code', async () => {
  await using team = await RunningTeam.open(HOST);
  const running = team.launch(['--drain-timeout', '60']);
  await team.add('slow one');
  await until(async () => (await team.pending()) === 1);
  running.process.kill('SIGINT');
  await until(() => running.log().some(({ msg }) => msg === 'draining'));
  running.process.kill('SIGINT');
  expect((await running.ended).code).toBe(1);
});

it('leaves no consumer behind when it is killed itself', async () => {
  await using team = await RunningTeam.open(HOST);
  const running = team.launch(['--replicas', '2']);
  await until(() => running.log().filter(({ msg }) => msg === 'running').length === 2);
  running.process.kill('SIGKILL');
  await until(() => pidsOf(running).every((pid) => !isAlive(pid)), { timeoutMs: 20_000 });
});

it('leaves no consumer behind that was still being loaded, either', async () => {
  await using team = await RunningTeam.open(HOST);
  const running = team.launch();
  await until(() => pidsOf(running).length === 1);
  running.process.kill('SIGKILL');
  await until(() => pidsOf(running).every((pid) => !isAlive(pid)), { timeoutMs: 20_000 });
});

it('does not start a consumer again whose environment is wrong, and ends with 2', async () => {
  await using redis = await startRedis();
  const { code, stdout } = await run(['run', 'consumers/noc'], { environment: { REDIS_URL: redis.url } });
  expect(stdout).toContain('ELASTICSEARCH_URL is not set. Set it to the base address');
  expect(stdout).toContain('is not started again');
  expect(code).toBe(2);
});

/** Process IDs in the order in which they were started. */
function pidsOf(running: StartedProcess): number[] {
  return running
    .log()
    .filter(({ msg }) => msg === 'started')
    .map(({ pid }) => Number(pid));
}

async function consumersOf({ admin }: RunningTeam): Promise<string[]> {
  const consumers = (await admin.call('XINFO', 'CONSUMERS', 'cli_stream', 'file_team')) as unknown[][];
  return consumers.map(([, name]) => String(name)).sort();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
