import { execFile } from 'node:child_process';
import { chmod, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  describeWithRedisProcess,
  redisCapability,
  startRedis,
  TcpProxy,
  temporaryFolder,
  until,
} from '@distributary/testing';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { appendOnlyFile } from '../append-only-file.ts';
import { type Copy, entryIds, House, NOC, SECURITY, STREAM } from '../house.ts';
import { firewallLines } from '../lines.ts';

const TEAMS = ['noc_team', 'sec_team'] as const;

describeWithRedisProcess('a Redis that is killed twice under load', () => {
  it.each(['everysec', 'always'])(
    'has lost nothing that the teams then miss, nor leaves anything pending (appendfsync %s)',
    async (fsync) => {
      await using house = await House.open({ redis: { args: ['--appendfsync', fsync] } });
      house.run(NOC, SECURITY);
      const ids: string[] = [];
      for (const mark of ['first', 'second', 'third']) {
        ids.push(...(await house.add(firewallLines(2_000, mark))));
        await until(async () => Number((await house.collector.counts())?.stored) > ids.length - 2_000);
        if (mark === 'third') break;
        await house.redis.kill();
        await house.redis.restart();
        await until(() => house.admin.ping(), { describe: 'the test itself to reach Redis again' });
      }
      await house.settled(...TEAMS);
      const retained = await retainedIds(house.admin);
      if (fsync === 'always') expect(retained).toEqual([...ids].sort());
      await expectCopies(house, retained);
    },
  );
});

describeWithRedisProcess('a power cut that takes the tail of the append-only file', () => {
  it('brings back what was acknowledged in it, under the same identity; all that is left is with every team', async () => {
    await using house = await House.open();
    const teams = house.run(NOC, SECURITY);
    await house.add(firewallLines(2_000, 'before'));
    await house.settled(...TEAMS);
    const file = await appendOnlyFile(house.admin);
    const { size } = await stat(file);
    await house.add(firewallLines(1_000, 'in-the-tail'));
    await house.settled(...TEAMS);
    await house.redis.kill();
    await truncate(file, size + 64 * 1024);
    await house.redis.restart();
    await until(() => house.admin.ping(), { describe: 'the test itself to reach Redis again' });
    const { length } = await retainedIds(house.admin);
    expect(length).toBeGreaterThan(2_000);
    expect(length).toBeLessThan(3_000);
    await house.add(firewallLines(500, 'after'));
    await house.settled(...TEAMS);
    await expectCopies(house, await retainedIds(house.admin));
    expect((await house.elasticsearch.counts())?.duplicates).toBeGreaterThanOrEqual(length - 2_000);
    expect(teams.log().filter(({ msg }) => msg === 'an entry became a dead letter')).toEqual([]);
  });
});

describeWithRedisProcess('a replica that is promoted without the tail of its primary', () => {
  it('has its entries with every team; what the primary alone had acknowledged comes again, and is absorbed', async () => {
    await using house = await House.open();
    await using primary = await startRedis({ requireProcess: true, persistent: true });
    await using replication = await TcpProxy.to(primary.port);
    await using address = await TcpProxy.to(primary.port);
    await house.admin.replicaof('127.0.0.1', replication.port);
    const before = new Redis(primary.url);
    await house.elasticsearch.faults?.set({ kind: 'status', status: 503 });
    const teams = house.runAt(address.url, NOC, SECURITY);
    await addTo(before, firewallLines(1_000, 'replicated'));
    await until(async () => (await house.collector.counts())?.stored === 1_000);
    await until(async () => (await house.status('noc_team')).pending === 1_000, {
      describe: 'all that to be replicated',
    });
    replication.mode = 'blackhole';
    await house.elasticsearch.faults?.clear();
    await addTo(before, firewallLines(300, 'in-the-tail'));
    await until(async () => (await house.elasticsearch.counts())?.stored === 1_300);
    await until(async () => (await before.xpending(STREAM, 'noc_team'))[0] === 0);

    before.disconnect();
    await primary.kill();
    await house.admin.replicaof('NO', 'ONE');
    address.targetPort = house.redis.port;
    await house.add(firewallLines(500, 'after'));
    await house.settled(...TEAMS);
    const retained = await retainedIds(house.admin);
    expect(retained).toHaveLength(1_500);
    await expectCopies(house, retained);
    expect((await house.elasticsearch.counts())?.duplicates).toBeGreaterThanOrEqual(1_000);
    expect(teams.log().filter(({ msg }) => String(msg).includes('the group had vanished'))).toEqual([]);
  });
});

describeWithRedisProcess('a disk that is full under the append-only file', () => {
  it.each(['everysec', 'always'])(
    'costs nothing that Redis acknowledged, and all goes on once there is room (appendfsync %s)',
    async (fsync) => {
      await using limitable = await limitableServer();
      const environment = { REDIS_SERVER_BIN: limitable.bin };
      await using house = await House.open({ redis: { args: ['--appendfsync', fsync], environment } });
      await house.collector.faults?.set({ kind: 'slow', ms: 300 });
      const team = house.run(SECURITY);
      const ids = await house.add(firewallLines(3_000, 'before'));
      await until(async () => (await house.status('sec_team')).pending > 0);
      await limitFiles(house.admin, (await stat(await appendOnlyFile(house.admin))).size);
      const refusal = await until(() => team.log().find(({ msg }) => msg === 'Redis does not answer'));
      // Where nothing may be acknowledged that is not on the disk, Redis ends.
      if (fsync === 'everysec') {
        expect(String(refusal['reason'])).toMatch(/MISCONF.*disk/);
        await limitFiles(house.admin, 'unlimited');
      } else await house.redis.restart();
      await until(() => house.admin.ping(), { describe: 'the test itself to reach Redis again' });
      ids.push(...(await until(() => house.add(firewallLines(500, 'after')))));
      await house.settled('sec_team');
      expect(entryIds(await house.securityCopies())).toEqual([...ids].sort());
      expect(await house.status('sec_team')).toMatchObject({ deadLetters: 0, lost: 0 });
    },
  );
});

/** Everything that the stream holds is with each team, byte for byte, and no identity is there for two entries. */
async function expectCopies(house: House, retained: readonly string[]): Promise<void> {
  const entries = new Map(
    (await house.admin.xrange(STREAM, '-', '+')).map(([id, fields]) => [id, fields[fields.indexOf('line') + 1]]),
  );
  for (const copies of [await house.nocCopies(), await house.securityCopies()]) {
    const byId = new Map(copies.map((copy) => [copy.entryId, copy]));
    expect(retained.filter((id) => byId.get(id)?.line !== entries.get(id))).toEqual([]);
    expect(new Set(copies.map(({ identity }) => identity)).size).toBe(new Set(copies.map(nameOf)).size);
  }
}

function nameOf({ entryId, eid, line }: Copy): string {
  return eid ?? `${entryId} ${line}`;
}

async function retainedIds(admin: Redis): Promise<string[]> {
  return (await admin.xrange(STREAM, '-', '+')).map(([id]) => id).sort();
}

async function addTo(redis: Redis, lines: readonly string[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const line of lines) pipeline.xadd(STREAM, '*', 'line', line);
  await pipeline.exec();
}

/** A Redis server that takes a limit on its files for a full disk, and not for its end. */
async function limitableServer(): Promise<{ readonly bin: string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  const bin = join(folder.path, 'redis-server');
  await writeFile(bin, `#!/bin/sh\ntrap '' XFSZ\nexec ${redisCapability().serverBin} "$@"\n`);
  await chmod(bin, 0o755);
  return { bin, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** What the files of that Redis may grow to, in bytes. */
async function limitFiles(admin: Redis, bytes: number | 'unlimited'): Promise<void> {
  const [, pid = ''] = /^process_id:(\d+)/m.exec(await admin.info('server')) ?? [];
  await promisify(execFile)('prlimit', ['--pid', pid, `--fsize=${bytes}:unlimited`]);
}
