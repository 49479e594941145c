import type { EntryId } from '@distributary/core';
import { jobPermissions } from '@distributary/replay';
import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GROUP } from './team.ts';
import { lines, TestGroup } from './test-group.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

async function withHistory(count: number) {
  const group = await TestGroup.create(redis);
  const ids = await group.add(...lines(count));
  await group.createGroup();
  const range = { kind: 'backfill', from: ids[0] as EntryId, until: ids.at(-1) as EntryId, overrides: {} } as const;
  return { group, range };
}

/** One line of the README of core: what a consumer needs without any jobs. */
function consumerRules(stream: string): string[] {
  const own = `distributary:{${stream}}:${GROUP}:*`;
  const rules =
    '+info +command|info +client|setname +select +multi +exec +xgroup|create +xreadgroup +xautoclaim +xclaim';
  return [
    ...`on nopass resetkeys resetchannels -@all ~${stream} ${rules}`.split(' '),
    ...'+xack +xpending +xinfo|stream +xinfo|groups +xinfo|consumers'.split(' '),
    `(~${own} +exists +xadd +xlen +hget +hset +hdel)`,
  ];
}

describeWithRedisProcess('jobs of a group', () => {
  it.concurrent('run one at a time, whichever of its processes has them, and keep to their rate', async () => {
    const { group, range } = await withHistory(30);
    await using _ = group;
    const processes = [group.start('a'), group.start('b')];
    const jobs = [await group.ask({ ...range, rate: 20 }), await group.ask({ ...range, rate: 10_000 })];
    const ended = await Promise.all(jobs.map((job) => group.ended(job)));
    expect(await group.received()).toEqual([...lines(30), ...lines(30)]);
    const [first] = ended.map(({ askedAt, endedAt }) => Date.parse(endedAt ?? '') - Date.parse(askedAt));
    // Thirty entries at twenty a second; all but the last five are paid for before it ends.
    expect(first).toBeGreaterThanOrEqual(1_000);
    const said = processes.flatMap((process) => process.said);
    expect(said.filter(({ name }) => name === 'started').length).toBe(2);
  });

  it.concurrent('end when they are cancelled, with what they have done by then', async () => {
    const { group, range } = await withHistory(1_000);
    await using _ = group;
    group.start();
    const job = await group.ask({ ...range, rate: 20 });
    const waiting = await group.ask(range);
    await until(async () => ((await group.jobs.find(job))?.progress.delivered ?? 0) > 0);
    expect(await group.jobs.cancel(waiting, 'test')).toBe('removed');
    expect(await group.jobs.cancel(job, 'test')).toBe('asked');
    const { state, progress } = await group.ended(job);
    expect(state).toBe('cancelled');
    expect(await group.received()).toEqual(lines(progress.delivered));
    expect(await group.jobs.cancel(job, 'test')).toBe('over');
    expect(await group.jobs.cancel('99', 'test')).toBeUndefined();
  });

  it.concurrent('are handed on by a process that drains, which they do not hold up', async () => {
    const { group, range } = await withHistory(40);
    await using _ = group;
    const first = group.start('a');
    const job = await group.ask({ ...range, rate: 20 });
    await until(async () => ((await group.jobs.find(job))?.progress.delivered ?? 0) > 0);
    first.child.kill('SIGTERM');
    await until(() => first.child.exitCode === 0);
    expect(first.said).toContainEqual(expect.objectContaining({ name: 'ended', outcome: 'stopped' }));
    group.start('b');
    expect(await group.ended(job)).toMatchObject({ state: 'done', progress: { delivered: 40 } });
    expect(await group.received()).toEqual(lines(40));
  });

  it.concurrent('do not keep a process from delivering that may not run them, and run once it may', async () => {
    const { group, range } = await withHistory(5);
    await using _ = group;
    const job = await group.ask(range);
    await group.call('ACL', 'SETUSER', 'noc', ...consumerRules(group.stream));
    const forbidden = group.start('a', { username: 'noc' });
    await until(() => forbidden.said.some(({ name }) => name === 'unable'));
    await group.add('live');
    await until(async () => (await group.received()).length === 1);
    const [unable] = forbidden.said.filter(({ name }) => name === 'unable');
    expect(unable).toMatchObject({ remedy: jobPermissions({ stream: group.stream, group: GROUP }) });

    const [, , , ...rules] = String(unable?.['remedy']).split(/ (?![^(]*\))/);
    await group.call('ACL', 'SETUSER', 'noc', ...rules);
    await group.setAside(['aside', 'bad']);
    const allowed = group.start('b', { username: 'noc' });
    expect(await group.ended(job)).toMatchObject({ state: 'done' });
    const [, until_] = (await group.deadLetters()).map(({ id }) => id);
    const redrive = { kind: 'redrive', from: '0-0', until: until_ as EntryId, again: false } as const;
    expect(await group.ended(await group.ask(redrive))).toMatchObject({ progress: { delivered: 1, failed: 1 } });
    expect(await group.ended(await group.ask({ kind: 'replay', idleMs: 0 }))).toMatchObject({ state: 'done' });
    allowed.child.kill('SIGTERM');
    await until(() => allowed.child.exitCode === 0);
    expect(allowed.said.filter(({ name }) => name === 'unable' || name === 'troubled')).toEqual([]);
  });
});
