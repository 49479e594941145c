import { planSeek, seek } from '@distributary/replay';
import { type RedisFixture, startRedis } from '@distributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GROUP } from './team.ts';
import { lines, TestGroup } from './test-group.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

it('counts what moving a group skips and repeats, and moves it so that nothing trimmed before counts as lost', async () => {
  await using group = await TestGroup.create(redis);
  const identity = { stream: group.stream, group: GROUP };
  const ids = await group.add(...lines(1_200));
  await group.createGroup();
  await group.call('XTRIM', group.stream, 'MAXLEN', 1_100);
  const last = ids.at(-1) ?? '0-0';
  const back = await planSeek(group.redis, identity, last, 'beginning');
  expect(back).toMatchObject({ from: last, skipped: 0, repeated: 1_100 });
  await seek(group.redis, identity, back);
  expect(await group.status()).toMatchObject({ lastDeliveredId: back.to, lost: 0 });

  const middle = ids[600] ?? '0-0';
  const forth = await planSeek(group.redis, identity, back.to, middle);
  expect(forth).toMatchObject({ skipped: 500, repeated: 0 });
  await seek(group.redis, identity, forth);
  const [[, [[next]]]] = (await group.call(
    ...(['XREADGROUP', 'GROUP', GROUP, 'c', 'COUNT', 1, 'STREAMS', group.stream, '>'] as const),
  )) as [[Buffer, [[Buffer]]]];
  expect(String(next)).toBe(middle);
  expect(await planSeek(group.redis, identity, middle, 'now')).toMatchObject({ to: last, skipped: 599 });
});
