import { join } from 'node:path';
import { groupKey, RedisConnection, Secret } from '@distributary/core';
import {
  describeWithRedisProcess,
  freePort,
  type RedisFixture,
  startCollector,
  startRedis,
  temporaryFolder,
  until,
} from '@distributary/testing';
import { expect, it } from 'vitest';
import { teamUser } from '../src/access-rules.ts';
import { accessWords, dialectOf } from '../src/access-text.ts';
import type { Diagnosis } from '../src/diagnosis/diagnosis.ts';
import { run, start } from './distributary.ts';
import { teamPackage } from './team-package.ts';

const STREAM = 'cli_stream';
const GROUP = 'file_team';
const HOUR_MS = 3_600_000;

async function doctor(packages: string[], environment: Record<string, string>) {
  const { code, stdout, stderr } = await run(['doctor', ...packages, '--json'], { environment });
  expect(stderr).toBe('');
  const { diagnoses } = JSON.parse(stdout) as { diagnoses: Diagnosis[] };
  const of = (team: string | null, check: string) =>
    diagnoses.find((diagnosis) => diagnosis.team === team)?.findings.filter((finding) => finding.check === check);
  return { code, of, all: diagnoses.flatMap(({ findings }) => findings), stdout };
}

function finding(level: string, says: string | RegExp, remedy: string | RegExp) {
  return { level, says: expect.stringMatching(says), remedy: expect.stringMatching(remedy) };
}

/** A Redis that evicts and keeps nothing, a group that lags under a user that may not acknowledge, and another with no group. */
async function breakEverything(redis: RedisFixture): Promise<void> {
  const admin = new RedisConnection({ url: redis.url }, 'test');
  const letters = groupKey(STREAM, GROUP, 'dead-letters');
  await admin.call('XADD', STREAM, `${Date.now() - HOUR_MS}-0`, 'line', 'old');
  await admin.call('XADD', STREAM, `${Date.now() + HOUR_MS}-0`, 'line', 'from the future');
  await admin.call('XGROUP', 'CREATE', STREAM, GROUP, '0');
  await admin.call('XREADGROUP', 'GROUP', GROUP, 'host-1', 'COUNT', 1, 'STREAMS', STREAM, '>');
  await admin.call('XGROUP', 'CREATECONSUMER', STREAM, GROUP, 'host-2');
  await admin.call('XADD', letters, '*', 'distributary', '{}');
  const rules =
    '+xreadgroup +xautoclaim +xclaim +xpending +xinfo +xgroup|create +xgroup|setid +xrevrange +info +command|info +client|setname +multi +exec';
  const user = ['lagging', 'on', '>secret', '-@all', `~${STREAM}`, ...rules.split(' ')];
  await admin.call(
    'ACL',
    'SETUSER',
    ...user,
    `(~distributary:{${STREAM}}:${GROUP}:* +exists +xadd +xlen +hget +hset +hdel)`,
  );
  await until(async () => {
    const consumers = (await admin.call('XINFO', 'CONSUMERS', STREAM, GROUP)) as unknown[][];
    return consumers.every(
      (fields) => Number(fields[fields.findIndex((field) => String(field) === 'idle') + 1]) > 1_000,
    );
  });
  admin.close();
}

describeWithRedisProcess('distributary doctor', () => {
  it('finds everything that is broken, and says what to do about each', async () => {
    await using redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    await using collector = await startCollector({ standIn: true, token: 'the-right-token-of-it' });
    await using folder = await temporaryFolder();
    await breakEverything(redis);
    const declared = { stream: STREAM, group: GROUP, owner: 'lab@example.com', lagSlo: 60, deadLetterQuota: 1 };
    const lagging = await teamPackage(folder.path, 'lagging', declared);
    const other = await teamPackage(folder.path, 'other', { stream: STREAM, group: 'other_team' });
    const environment = {
      REDIS_URL: redis.url,
      SIEM_URL: collector.url,
      SIEM_TOKEN: 'a-wrong-token-that-is-secret',
      FILE_TEAM_OUTPUT: join(folder.path, 'lines'),
    };
    const packages = [lagging, other, 'consumers/security', 'consumers/noc', '--away-after', '1'];
    const { code, of, stdout } = await doctor(packages, environment);
    expect(code).toBe(1);
    expect(of(null, 'eviction')).toMatchObject([
      finding('problem', /allkeys-lru/, /CONFIG SET maxmemory-policy noeviction/),
    ]);
    expect(of(null, 'persistence')).toMatchObject([finding('problem', /nothing on disk/, /CONFIG SET appendonly yes/)]);
    expect(of(null, 'clock')).toMatchObject([{ level: 'ok' }]);
    expect(of('lagging', 'clock')).toMatchObject([finding('problem', /in the future/, /only XADD with \* may/)]);
    expect(of('lagging', 'lag')).toMatchObject([finding('problem', /more than its lagSlo of 1 min 0 s/, /--replicas/)]);
    expect(of('lagging', 'consumers')).toMatchObject([
      finding('problem', /entries wait, and nobody reads/, /npx distributary run/),
      finding('warning', /^host-1 has asked for nothing .* holds 1 entries/, /takes them over/),
      finding('warning', /^host-2 .* holds 0 entries/, /XGROUP DELCONSUMER cli_stream file_team host-2/),
    ]);
    expect(of('lagging', 'dead letters')).toMatchObject([
      finding('problem', /^1 of 1: its consumers hold/, /raise deadLetterQuota/),
    ]);
    expect(of('lagging', 'access')).toMatchObject([
      finding('problem', /^user lagging may not XACK$/, /distributary acl .*lagging/),
    ]);
    expect(of('lagging', 'sink')).toMatchObject([finding('warning', /has no check/, /method check\(signal\)/)]);
    expect(of('other', 'group')).toMatchObject([
      finding('problem', /other_team does not exist/, /distributary run .*other/),
    ]);
    expect(of('other', 'access')).toMatchObject([
      finding('warning', /default may also XADD, XTRIM, DEL, FLUSHALL/, /distributary acl/),
    ]);
    expect(of('other', 'sink')).toMatchObject([
      finding('problem', /cannot be made/, /class FileConsumer has "file_team"/),
    ]);
    expect(of('security', 'group')).toMatchObject([
      finding('problem', /sec_team does not exist/, /run consumers\/security/),
    ]);
    expect(of('security', 'sink')).toMatchObject([finding('problem', /Invalid token/, /Check SIEM_TOKEN/)]);
    expect(of('noc', 'sink')).toMatchObject([
      finding('warning', /ELASTICSEARCH_URL is not set/, /with its environment/),
    ]);
    for (const secret of ['a-wrong-token', 'the-right-token']) expect(stdout).not.toContain(secret);
    expect(await collector.stored()).toEqual([]);
  });

  it('finds no problem where there is none, and ends with 0', async () => {
    await using redis = await startRedis({ persistent: true });
    await using folder = await temporaryFolder();
    const admin = new RedisConnection({ url: redis.url }, 'test');
    const team = await teamPackage(folder.path, 'team', { stream: STREAM, group: GROUP, lagSlo: 60 });
    const user = teamUser({ name: 'team', stream: STREAM, group: GROUP });
    await admin.call('ACL', 'SETUSER', 'team', ...accessWords(user, new Secret('password-of-team'), dialectOf('7.0')));
    const environment = { REDIS_URL: redis.url, FILE_TEAM_OUTPUT: join(folder.path, 'lines') };
    const credentials = { REDIS_USERNAME: 'team', REDIS_PASSWORD: 'password-of-team' };
    await using _running = start(['run', team], { ...environment, ...credentials });
    await until(async () =>
      String(await admin.call('XINFO', 'CONSUMERS', STREAM, GROUP).catch(() => '')).includes('name'),
    );
    const healthy = await doctor([team], environment);
    expect(healthy.all.filter(({ level }) => level !== 'ok')).toMatchObject([
      finding('warning', /has no check/, /check/),
    ]);
    expect(healthy.code).toBe(0);
    expect(healthy.of('team', 'access')).toMatchObject([{ level: 'ok' }]);

    const asTeam = await doctor([team], { ...environment, ...credentials });
    expect(asTeam.of('team', 'access')).toMatchObject([
      finding('warning', /^team may not ask/, /ACL SETUSER team \+acl\|dryrun/),
    ]);
    expect(asTeam.of(null, 'clock')).toMatchObject([finding('warning', /may not ask/, /\+time/)]);
    admin.close();
  });
});

it('says who does not answer, and still looks at the destination', async () => {
  await using collector = await startCollector({ standIn: true });
  const url = `redis://127.0.0.1:${await freePort()}`;
  const environment = { REDIS_URL: url, SIEM_URL: collector.url, SIEM_TOKEN: 'a-token-of-any-kind' };
  const { code, stdout } = await run(['doctor', 'consumers/security'], { environment });
  expect(stdout).toMatch(new RegExp(`^problem  all: redis: The connection to ${url}: .* → Start Redis there`, 'm'));
  expect(stdout).toMatch(/^ok +security: sink: reachable, and takes entries$/m);
  expect(code).toBe(1);
});
