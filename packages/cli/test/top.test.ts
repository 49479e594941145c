import { RedisConnection } from '@distributary/core';
import { startRedis, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { FILE_TEAM, run, start } from './distributary.ts';

it('shows rates from one look to the next, of every group and its consumers, until it is interrupted', async () => {
  await using redis = await startRedis();
  const admin = new RedisConnection({ url: redis.url }, 'test');
  const add = async (count: number) => {
    for (let i = 0; i < count; i++) await admin.call('XADD', 'cli_stream', '*', 'line', `line ${i}`);
  };
  await add(4);
  await admin.call('XGROUP', 'CREATE', 'cli_stream', 'file_team', '0');
  await using watching = start(['top', FILE_TEAM, '--every', '1', '--json'], { REDIS_URL: redis.url });
  const group = (look: Record<string, unknown> | undefined) =>
    (look as { streams: { groups: Record<string, unknown>[] }[] }).streams[0]?.groups[0];
  await until(() => watching.log().length >= 1);
  expect(group(watching.log()[0])).toMatchObject({
    group: 'file_team',
    lagEntries: 4,
    rates: { added: null, read: null, done: null },
  });
  await add(6);
  await admin.call('XREADGROUP', 'GROUP', 'file_team', 'reader', 'COUNT', 3, 'STREAMS', 'cli_stream', '>');
  const first = (await admin.call('XRANGE', 'cli_stream', '-', '+', 'COUNT', 1)) as [Buffer][];
  await admin.call('XACK', 'cli_stream', 'file_team', first[0]?.[0] ?? '');
  const moved = await until(() =>
    watching
      .log()
      .map(group)
      .find((look) => Number(look?.['pending']) === 2),
  );
  const { added, read, done } = moved['rates'] as { added: number; read: number; done: number };
  expect([added, read, done].every((rate) => rate > 0)).toBe(true);
  expect(added / done).toBeGreaterThan(1);
  expect(moved['consumers']).toMatchObject([{ name: 'reader', pending: 2 }]);
  admin.close();
  expect(await watching.end('SIGINT')).toEqual({ code: 0, signal: null });
});

it('looks once, as plain lines where no terminal is', async () => {
  await using redis = await startRedis();
  const admin = new RedisConnection({ url: redis.url }, 'test');
  await admin.call('XADD', 'cli_stream', '*', 'line', 'one');
  await admin.call('XGROUP', 'CREATE', 'cli_stream', 'other_team', '0');
  await admin.call('XREADGROUP', 'GROUP', 'other_team', 'host-1', 'STREAMS', 'cli_stream', '>');
  admin.close();
  const { code, stdout } = await run(['top', FILE_TEAM, '--once'], { environment: { REDIS_URL: redis.url } });
  expect(code).toBe(0);
  expect(stdout).toContain('cli_stream: 1 entries');
  expect(stdout).toMatch(/file_team .* no such group: start its consumer/);
  expect(stdout).toMatch(/other_team +- +- +- +0 .* 1 .* catching up/);
  expect(stdout).toMatch(/ {2}host-1 +1 /);
  expect(stdout).not.toContain('\u001b');
});
