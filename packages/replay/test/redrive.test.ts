import { once } from 'node:events';
import type { EntryId } from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lines, TestGroup } from './test-group.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Everything that is set aside up to now. */
function upTo(last: EntryId | undefined) {
  return { kind: 'redrive', from: '0-0', until: last ?? '0-0', again: false } as const;
}

describe('a redrive', () => {
  it.concurrent('delivers dead letters to the group alone, and keeps those that fail again, marked and out of its next run', async () => {
    await using group = await TestGroup.create(redis);
    const ids = await group.setAside([...lines(150), 'bad one', ...lines(150, 'more'), 'bad two']);
    await group.createGroup();
    const added = await group.call('XLEN', group.stream);
    group.start();
    const first = await group.ended(await group.ask(upTo(ids.at(-1))));
    expect(first).toMatchObject({ state: 'done', progress: { delivered: 300, failed: 2 } });
    expect(await group.received()).toEqual([...lines(150), ...lines(150, 'more')]);
    const failed = await group.deadLetters();
    expect(failed.map(({ envelope }) => [envelope.reason, envelope.redriven])).toEqual([
      ['a bad line', 1],
      ['a bad line', 1],
    ]);
    expect(await group.call('XLEN', group.stream)).toBe(added);

    await group.call('SET', `${group.stream}:mended`, 1);
    const last = failed.at(-1)?.id;
    expect(await group.ended(await group.ask(upTo(last)))).toMatchObject({ progress: { delivered: 0, failed: 0 } });
    expect(await group.deadLines()).toEqual(['bad one', 'bad two']);
    const again = await group.ended(await group.ask({ ...upTo(last), again: true }));
    expect(again).toMatchObject({ progress: { delivered: 2, failed: 0 } });
    expect(await group.deadLetters()).toEqual([]);
  });

  it.concurrent('takes those alone that are asked for', async () => {
    await using group = await TestGroup.create(redis);
    const ids = (await group.setAside(lines(10))) as [EntryId, ...EntryId[]];
    await group.createGroup();
    group.start();
    await group.ended(await group.ask({ ...upTo(ids[9]), ids: [ids[1], ids[7]] as EntryId[] }));
    expect(await group.received()).toEqual(['line 1', 'line 7']);
    await group.ended(await group.ask({ ...upTo(ids[3]), reason: 'A BAD' }));
    expect(await group.received()).toEqual(['line 1', 'line 7', 'line 0', 'line 2', 'line 3']);
    await group.ended(await group.ask({ ...upTo(ids[9]), reason: 'another' }));
    expect((await group.received()).length).toBe(5);
  });

  it.concurrent('waits while the destination is away, says why, and harms neither the dead letters nor the group', async () => {
    await using group = await TestGroup.create(redis);
    const ids = await group.setAside(lines(5));
    await group.createGroup();
    await group.call('SET', `${group.stream}:away`, 1);
    group.start();
    const job = await group.ask(upTo(ids.at(-1)));
    await until(async () => (await group.jobs.find(job))?.progress.waitsFor === 'The destination is away.');
    expect((await group.deadLetters()).length).toBe(5);
    await group.call('DEL', `${group.stream}:away`);
    expect(await group.ended(job)).toMatchObject({ progress: { delivered: 5, failed: 0 } });
  });
});

describe('a redrive at a destination that refuses everything until somebody acts', () => {
  it.concurrent('ends with the remedy, and leaves every dead letter as it is', async () => {
    await using group = await TestGroup.create(redis);
    const ids = await group.setAside(lines(5));
    await group.call('XADD', group.letters.key, '*', 'not', 'a dead letter');
    await group.createGroup();
    await group.call('SET', `${group.stream}:held`, 1);
    group.start();
    const job = await group.ended(await group.ask(upTo(ids.at(-1))));
    expect(job).toMatchObject({ state: 'failed', reason: 'It takes nothing. Mend it.' });
    expect((await group.deadLetters()).map(({ id, envelope }) => [id, envelope.redriven])).toEqual(
      ids.map((id) => [id, undefined]),
    );
  });
});

describeWithRedisProcess('a redrive whose process is killed', () => {
  const POINTS = [
    'after-deliver:nth=2',
    'after-acknowledge:nth=2',
    'before-dead-letter:nth=1',
    'after-dead-letter:nth=1',
  ];
  it.concurrent.each(POINTS)(
    '%s leaves each either delivered or a dead letter, once it is gone on with',
    async (point) => {
      await using group = await TestGroup.create(redis);
      const all = [...lines(15), 'bad', ...lines(5, 'more')];
      const ids = await group.setAside(all);
      await group.createGroup();
      const doomed = group.start('a', { failpoint: `${point}:kill` });
      const job = await group.ask({ ...upTo(ids.at(-1)), rate: 40 });
      const [, signal] = await once(doomed.child, 'exit');
      expect(signal).toBe('SIGKILL');
      const either = new Set([...(await group.received()), ...(await group.deadLines())]);
      expect([...either].sort()).toEqual([...all].sort());

      const successor = group.start('b');
      expect(await group.ended(job)).toMatchObject({ state: 'done' });
      expect(successor.said).toContainEqual(expect.objectContaining({ name: 'started', resumed: true }));
      const received = new Set(await group.received());
      expect([...received].sort()).toEqual(all.filter((line) => line !== 'bad').sort());
      expect(await group.deadLines()).toEqual(['bad']);
    },
  );
});
