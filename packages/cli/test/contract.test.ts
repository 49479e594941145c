import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupKey, RedisConnection } from '@distributary/core';
import { startRedis, temporaryFolder, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { run, start } from './distributary.ts';
import { teamPackage } from './team-package.ts';

const STREAM = 'cli_stream';
const GROUP = 'file_team';

describe("a package's contract", () => {
  it('is refused with 2 when a key is wrong, which is named', async () => {
    await using folder = await temporaryFolder();
    const team = await teamPackage(folder.path, 'team', { stream: STREAM, group: GROUP, lagslo: 5 });
    const { code, stderr } = await run(['status', team]);
    expect(stderr).toMatch(/team\/package.json: .*there is no option "lagslo" \(there are stream, /);
    expect(code).toBe(2);
  });

  it('is what its consumer does: where it begins, what it sees, how much may be set aside', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    const admin = new RedisConnection({ url: redis.url }, 'test');
    const team = await teamPackage(folder.path, 'team', {
      stream: STREAM,
      group: GROUP,
      startFrom: 'now',
      mask: [{ find: 'ipv4' }],
      deadLetterQuota: 1,
    });
    await admin.call('XADD', STREAM, '*', 'line', 'before it began');
    await admin.call('XADD', groupKey(STREAM, GROUP, 'dead-letters'), '*', 'distributary', '{}');
    const file = join(folder.path, 'lines');
    await using running = start(['run', team], { REDIS_URL: redis.url, FILE_TEAM_OUTPUT: file });
    await until(() => running.log().some(({ msg }) => msg === 'the group did not exist and was created'));
    await admin.call('XADD', STREAM, '*', 'other', 'no line: undecodable');
    await admin.call('XADD', STREAM, '*', 'line', 'from 10.1.2.3');
    await until(async () => (await readFile(file, 'utf8').catch(() => '')) === 'from ***\n');
    await until(() => running.log().some(({ msg }) => String(msg).startsWith('on hold: no more dead letters')));
    const { stdout } = await run(['status', team], { environment: { REDIS_URL: redis.url } });
    expect(stdout).toContain('on hold, for 1 dead letters are all it may have: make room by npx distributary redrive');
    admin.close();
  });

  it('is refused with 2 when the class has another', async () => {
    await using folder = await temporaryFolder();
    const team = await teamPackage(folder.path, 'team', { stream: STREAM, group: 'other_team' });
    const { code, stdout } = await run(['run', team], { environment: { FILE_TEAM_OUTPUT: '/dev/null' } });
    const says = 'declares group "other_team", and the class FileConsumer has "file_team"';
    expect(stdout).toContain(JSON.stringify(says).slice(1, -1));
    expect(code).toBe(2);
  });
});

it('status shows whose lag exceeds what its package promises', async () => {
  await using redis = await startRedis();
  await using folder = await temporaryFolder();
  const admin = new RedisConnection({ url: redis.url }, 'test');
  await admin.call('XGROUP', 'CREATE', STREAM, GROUP, '0', 'MKSTREAM');
  const old = Date.now() - 60_000;
  await admin.call('XADD', STREAM, `${old}-0`, 'line', 'old');
  await admin.call('XREADGROUP', 'GROUP', GROUP, 'a', 'STREAMS', STREAM, '>');
  admin.close();
  const declared = { stream: STREAM, group: GROUP };
  const tight = await teamPackage(folder.path, 'tight', { ...declared, lagSlo: 30 });
  const loose = await teamPackage(folder.path, 'loose', { ...declared, lagSlo: 3_600 });
  const environment = { REDIS_URL: redis.url };
  expect((await run(['status', tight], { environment })).stdout).toContain('behind by more than its 30.0 s');
  const { stdout } = await run(['status', loose, '--json'], { environment });
  expect(JSON.parse(stdout).streams[0].groups[0]).toMatchObject({ lagSloSeconds: 3_600, lagSloBreached: false });
});
