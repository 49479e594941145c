import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { groupKey, groupStatus, Janitor, RedisConnection, readDeadLetter } from '@distributary/core';
import { describeWithRedisProcess, endProcess, startRedis, until } from '@distributary/testing';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { entryOf } from '../house.ts';

const GROUP = { stream: 'churned', group: 'churned_team' };

/** `npm run nightly` has the large form. */
const RESTARTS = process.env['DISTRIBUTARY_NIGHTLY'] === '1' ? 500 : 15;
const ALIVE = 3;
const ADDED_PER_RESTART = 25;
const RESTARTS_PER_PASS = 5;

describeWithRedisProcess('consumers that come and go, each under a name that was never there before', () => {
  it('deliver everything, and leave no more names than there are processes', async () => {
    await using redis = await startRedis({ requireProcess: true });
    await using stack = new AsyncDisposableStack();
    const connection = stack.adopt(new RedisConnection({ url: redis.url }, 'test'), (it) => it.close());
    const admin = stack.adopt(new Redis(redis.url), (it) => it.disconnect());
    const groups = [{ group: GROUP.group, retention: 'protect' as const }];
    const janitor = new Janitor(connection, { stream: GROUP.stream, groups, forgetAfterMs: 1_500 });
    const alive: ChildProcess[] = [];
    stack.defer(() => Promise.all(alive.map((child) => endProcess(child, 'SIGKILL'))).then(() => undefined));
    await admin.xgroup('CREATE', GROUP.stream, GROUP.group, '0', 'MKSTREAM');

    const added: string[] = [];
    for (let restart = 0; restart < RESTARTS; restart++) {
      const child = start(redis.url);
      alive.push(child);
      for (let i = 0; i < ADDED_PER_RESTART; i++) {
        added.push(String(await admin.xadd(GROUP.stream, '*', 'line', `${restart} ${i}`)));
      }
      await once(child, 'message');
      const eldest = alive.length > ALIVE && alive.shift();
      if (eldest) await endProcess(eldest, restart % 3 === 0 ? 'SIGTERM' : 'SIGKILL');
      if (restart % RESTARTS_PER_PASS === 0) expect((await janitor.pass()).outcome).toBe('done');
    }

    const status = () => groupStatus(connection, GROUP);
    const isSettled = async () => {
      const { pending, lagEntries } = await status();
      return pending === 0 && lagEntries === 0;
    };
    await until(isSettled, { timeoutMs: 60_000, describe: 'everything to be acknowledged' });
    const isTidy = async () => {
      await janitor.pass();
      return (await status()).consumers.length <= ALIVE;
    };
    await until(isTidy, { timeoutMs: 30_000, describe: 'the names of the dead to be removed' });
    const letters = await admin.xrangeBuffer(groupKey(GROUP.stream, GROUP.group, 'dead-letters'), '-', '+');
    const setAside = letters.map((letter) => readDeadLetter(entryOf(letter)).envelope.entryId);
    const delivered = await admin.lrange(`${GROUP.stream}:delivered`, 0, -1);
    expect([...new Set([...delivered, ...setAside])].sort()).toEqual([...added].sort());
    expect((await status()).lost).toBe(0);
  });
});

function start(url: string): ChildProcess {
  const program = new URL('churned-consumer.ts', import.meta.url);
  return fork(program, [url, GROUP.stream, GROUP.group, randomUUID()], {
    execArgv: ['--conditions=@distributary/source', '--disable-warning=ExperimentalWarning'],
  });
}
