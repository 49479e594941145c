import { groupKey, RedisConnection } from '@distributary/core';
import { freePort, startRedis, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { FILE_TEAM, run, start } from './distributary.ts';

it('shows every group with its lag, what is pending, and what to do', async () => {
  await using redis = await startRedis();
  const admin = new RedisConnection({ url: redis.url }, 'test');
  for (let i = 0; i < 5; i++) await admin.call('XADD', 'syslog_stream', '*', 'line', `line ${i}`);
  await admin.call('XGROUP', 'CREATE', 'syslog_stream', 'idle_team', '0');
  await admin.call('XGROUP', 'CREATE', 'syslog_stream', 'busy_team', '0');
  await admin.call('XREADGROUP', 'GROUP', 'busy_team', 'c', 'COUNT', 3, 'STREAMS', 'syslog_stream', '>');
  admin.close();

  const { code, stdout } = await run(['status'], { environment: { REDIS_URL: redis.url } });
  expect(code).toBe(0);
  expect(stdout).toContain('syslog_stream: 5 entries');
  expect(stdout).toMatch(/idle_team +5 .* nobody reads: start its consumer with npx distributary run/);
  expect(stdout).toMatch(/busy_team +2 .* 3 .* catching up/);
});

it('prints one JSON object for machines', async () => {
  await using redis = await startRedis();
  const admin = new RedisConnection({ url: redis.url }, 'test');
  await admin.call('XGROUP', 'CREATE', 'other', 'team', '0', 'MKSTREAM');
  admin.close();
  const { stdout } = await run(['status', '--json', '--stream', 'other'], { environment: { REDIS_URL: redis.url } });
  const { streams } = JSON.parse(stdout);
  expect(streams).toMatchObject([
    { stream: 'other', length: 0, groups: [{ group: 'team', exists: true, pending: 0 }] },
  ]);
});

it('says where a group had to begin again, and which entries that is about', async () => {
  await using redis = await startRedis();
  const admin = new RedisConnection({ url: redis.url }, 'test');
  await admin.call('XGROUP', 'CREATE', 'syslog_stream', 'team', '0', 'MKSTREAM');
  const key = groupKey('syslog_stream', 'team', 'checkpoint');
  const recreated = {
    at: '2026-11-25T10:00:00.000Z',
    startFrom: 'beginning',
    again: { after: '0-0', upTo: '9-1' },
    gap: { after: '5-3', before: '7-0' },
  };
  await admin.call('HSET', key, 'recreated', JSON.stringify(recreated));
  admin.close();
  const { stdout } = await run(['status'], { environment: { REDIS_URL: redis.url } });
  expect(stdout).toContain(
    'team had vanished or was set back, and began again at the beginning at 2026-11-25T10:00:00.000Z; ' +
      'came again, perhaps: behind 0-0 up to 9-1; gone, perhaps unseen: behind 5-3 before 7-0\n',
  );
  const { stdout: json } = await run(['status', '--json'], { environment: { REDIS_URL: redis.url } });
  expect(JSON.parse(json).streams[0].groups).toMatchObject([{ checkpoint: null, recreated }]);
});

it('ends with 1 when a declared group is missing, and says what to do', async () => {
  await using redis = await startRedis();
  const { code, stdout } = await run(['status', FILE_TEAM], { environment: { REDIS_URL: redis.url } });
  expect(stdout).toContain('cli_stream: no such stream yet');
  expect(stdout).toContain('no such group: start its consumer');
  expect(code).toBe(1);
});

it('shows again and again with --watch', async () => {
  await using redis = await startRedis();
  await using watching = start(['status', '--watch', '1', '--json'], { REDIS_URL: redis.url });
  await until(() => watching.log().length >= 2);
  expect(watching.log().map(({ redis: url }) => url)).toEqual(watching.log().map(() => redis.url));
  await watching.end();
});

it('ends with 3 when Redis does not answer, and says where it looked', async () => {
  const url = `redis://127.0.0.1:${await freePort()}`;
  const { code, stderr } = await run(['status'], { environment: { REDIS_URL: url } });
  expect(stderr).toContain(url);
  expect(stderr).toContain('Start Redis there, or let REDIS_URL say where it runs');
  expect(code).toBe(3);
});
