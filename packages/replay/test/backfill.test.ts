import { once } from 'node:events';
import type { EntryId } from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lines, TestGroup } from './test-group.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

function range(ids: readonly EntryId[], overrides: Record<string, string> = {}) {
  return { kind: 'backfill', from: ids[0] as EntryId, until: ids.at(-1) as EntryId, overrides } as const;
}

describeWithRedisProcess('a backfill', () => {
  it.concurrent('delivers a range in its order to another sink, while the live group goes on untouched', async () => {
    await using group = await TestGroup.create(redis);
    const history = await group.add('too old', ...lines(600), 'bad one', ...lines(20, 'more'), 'too new');
    await group.createGroup();
    group.start();
    const elsewhere = `${group.stream}:elsewhere`;
    const job = await group.ask(range(history.slice(1, -1), { TEAM_LIST: elsewhere }));
    await group.add(...lines(50, 'live'));
    expect(await group.ended(job)).toMatchObject({ state: 'done', progress: { delivered: 620, failed: 1 } });
    expect(await group.received(elsewhere)).toEqual([...lines(600), ...lines(20, 'more')]);
    await until(async () => (await group.received()).length === 50);
    expect(await group.received()).toEqual(lines(50, 'live'));
    const [letter] = await group.deadLetters();
    expect(letter?.envelope).toMatchObject({ verdict: 'rejected', backfill: job });
    await until(async () => (await group.status()).pending === 0);
  });

  it.concurrent('goes on behind the last portion that it noted when its process is killed, and leaves nothing out', async () => {
    await using group = await TestGroup.create(redis);
    const ids = await group.add(...lines(40));
    await group.createGroup();
    const doomed = group.start('a', { failpoint: 'after-deliver:nth=3:kill' });
    const job = await group.ask({ ...range(ids), rate: 40 });
    await once(doomed.child, 'exit');
    expect(await group.received()).toEqual(lines(25));
    group.start('b');
    await group.ended(job);
    expect(await group.received()).toEqual([...lines(25), ...lines(40).slice(15)]);
  });

  it.concurrent('sets an entry aside that ends its process each time, and delivers the rest', async () => {
    await using group = await TestGroup.create(redis);
    const ids = await group.add(...lines(2), 'exit', ...lines(2, 'more'));
    await group.createGroup();
    const job = await group.ask(range(ids));
    for (const name of ['a', 'b', 'c']) await once(group.start(name).child, 'exit');
    group.start('d');
    expect(await group.ended(job)).toMatchObject({ state: 'done' });
    const [letter, ...others] = await group.deadLetters();
    expect([letter?.envelope.verdict, others]).toEqual(['crashed', []]);
    expect(new Set(await group.received())).toEqual(new Set([...lines(2), ...lines(2, 'more')]));
  });

  it.concurrent('waits at the quota of dead letters until there is room, and says so', async () => {
    await using group = await TestGroup.create(redis);
    const ids = await group.add('bad one', ...lines(2), 'bad two');
    await group.setAside(['bad before']);
    await group.createGroup();
    group.start('a', { deadLetterQuota: 1 });
    const job = await group.ask(range(ids));
    const { progress } = await until(async () => {
      const found = await group.jobs.find(job);
      return found?.progress.waitsFor !== undefined && found;
    });
    expect(progress.waitsFor).toContain('has 1 dead letters, and its quota is 1');
    expect(await group.deadLines()).toEqual(['bad before']);
    await group.letters.remove((await group.deadLetters()).map(({ id }) => id));
    expect(await group.ended(job)).toMatchObject({ state: 'done', progress: { delivered: 2, failed: 2 } });
    expect(await group.deadLines()).toEqual(['bad one', 'bad two']);
  });

  it.concurrent('refuses to change secrets, addresses and what is not of the sink', async () => {
    await using group = await TestGroup.create(redis);
    const ids = await group.add('line');
    await group.createGroup();
    group.start();
    for (const name of ['SIEM_TOKEN', 'ELASTICSEARCH_URL', 'REDIS_URL', 'NODE_OPTIONS', 'lower']) {
      const job = await group.ended(await group.ask(range(ids, { [name]: 'x' })));
      expect(job).toMatchObject({ state: 'failed', reason: expect.stringContaining(name) });
    }
    expect(await group.received()).toEqual([]);
  });
});
