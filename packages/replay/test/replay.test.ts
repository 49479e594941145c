import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GROUP } from './team.ts';
import { lines, TestGroup } from './test-group.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Entries that are pending with a consumer that does nothing more. */
async function heldBy(group: TestGroup, consumer: string, held: readonly string[]): Promise<void> {
  await group.call('XGROUP', 'CREATE', group.stream, GROUP, '$', 'MKSTREAM').catch(() => undefined);
  await group.add(...held);
  await group.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', held.length, 'STREAMS', group.stream, '>');
}

describeWithRedisProcess('a replay', () => {
  it.concurrent('takes over what one consumer left, delivers and acknowledges it, and sets aside what the sink refuses', async () => {
    await using group = await TestGroup.create(redis);
    await heldBy(group, 'gone', [...lines(700), 'bad one']);
    await heldBy(group, 'other', lines(3, 'other'));
    group.start('a', { claimIdleMs: 60_000 });
    const job = await group.ask({ kind: 'replay', idleMs: 0, consumer: 'gone' });
    expect(await group.ended(job)).toMatchObject({ state: 'done', progress: { delivered: 700, failed: 1 } });
    expect(await group.received()).toEqual(lines(700));
    expect(await group.deadLines()).toEqual(['bad one']);
    const { pending, consumers } = await group.status();
    expect(pending).toBe(3);
    expect(consumers.find(({ name }) => name === 'other')?.pending).toBe(3);
  });

  it.concurrent('leaves alone what has been touched since, and tells of what was trimmed meanwhile', async () => {
    await using group = await TestGroup.create(redis);
    await heldBy(group, 'gone', lines(5));
    const process = group.start('a', { claimIdleMs: 60_000 });
    const young = await group.ended(await group.ask({ kind: 'replay', idleMs: 60_000 }));
    expect(young).toMatchObject({ state: 'done', progress: { delivered: 0, failed: 0 } });
    expect((await group.status()).pending).toBe(5);
    await group.call('XTRIM', group.stream, 'MAXLEN', 3);
    const job = await group.ended(await group.ask({ kind: 'replay', idleMs: 0 }));
    expect(job).toMatchObject({ progress: { delivered: 3, failed: 0 } });
    expect(await group.received()).toEqual(['line 2', 'line 3', 'line 4']);
    expect((await group.status()).pending).toBe(0);
    await until(() => process.said.some(({ name, count }) => name === 'lost' && count === 2));
  });
});
