import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { groupStatus, RedisConnection } from '@distributary/core';
import {
  describeWithRedisProcess,
  type StartedProcess,
  startRedis,
  temporaryFolder,
  until,
} from '@distributary/testing';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { builtCopy } from '../built-copy.ts';
import { consumerPids, startCommand } from '../commands.ts';
import { entryIds, House, NOC, STREAM } from '../house.ts';
import { firewallLines } from '../lines.ts';

const MB = 1024 * 1024;

/** `npm run nightly` has the large form. */
const IS_LARGE = process.env['DISTRIBUTARY_NIGHTLY'] === '1';
const LARGE_ENTRIES = IS_LARGE ? 1_000 : 60;
const ORPHANS = IS_LARGE ? 1_000_000 : 50_000;
const ADDED_AT_ONCE = 50_000;

/** What a consumer's process may hold, however much waits for it. */
const MOST_RESIDENT_BYTES = 256 * MB;

/** A team that appends lines to the file that FILE_TEAM_OUTPUT names, so that a million of them cost little. */
const FILE_TEAM = fileURLToPath(new URL('../../packages/cli/test/file-team', import.meta.url));
const FILE_TEAM_READS = { stream: 'cli_stream', group: 'file_team' };

describeWithRedisProcess('large entries', () => {
  it('of 1 MB, one of 10 MB and one of 10,000 fields pass through a process that holds no more than 256 MB', async () => {
    // As it is installed: Node holds more to run from source.
    await using built = await builtCopy();
    await using house = await House.open();
    const ids = [await house.admin.xadd(STREAM, '*', 'line', 'x'.repeat(10 * MB))];
    const fields = Array.from({ length: 10_000 }, (_, i) => [`field-${i}`, `${i}`]).flat();
    ids.push(await house.admin.xadd(STREAM, '*', 'line', 'many fields', ...fields));
    for (let i = 0; i < LARGE_ENTRIES; i++) {
      ids.push(await house.admin.xadd(STREAM, '*', 'line', `${i} `.padEnd(MB, 'y')));
    }
    const team = house.runFrom(built.path, 'large', NOC);
    await until(async () => (await house.elasticsearch.counts())?.stored === ids.length, { timeoutMs: 600_000 });
    await house.settled('noc_team');
    expect(mostResidentBytes(team)).toBeLessThan(MOST_RESIDENT_BYTES);
    if (!IS_LARGE) expect(entryIds(await house.nocCopies())).toEqual(ids.map(String).sort());
    expect(await house.setAside('noc_team')).toEqual([]);
  });
});

describeWithRedisProcess('very many pending entries of a consumer that is gone', () => {
  it('are claimed and delivered by a process that holds no more than 256 MB', async () => {
    await using redis = await startRedis({ requireProcess: true });
    await using folder = await temporaryFolder();
    const admin = new Redis(redis.url);
    const { stream, group } = FILE_TEAM_READS;
    await admin.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
    for (let added = 0; added < ORPHANS; added += ADDED_AT_ONCE) {
      const pipeline = admin.pipeline();
      for (const line of firewallLines(ADDED_AT_ONCE, `${added}`)) pipeline.xadd(stream, '*', 'line', line);
      await pipeline.exec();
      await admin.xreadgroup('GROUP', group, 'gone', 'COUNT', ADDED_AT_ONCE, 'STREAMS', stream, '>');
    }
    admin.disconnect();
    const output = join(folder.path, 'lines');
    await using team = startCommand(['run', FILE_TEAM], {
      REDIS_URL: redis.url,
      FILE_TEAM_OUTPUT: output,
      DISTRIBUTARY_CLAIM_IDLE_MS: '1500',
      DISTRIBUTARY_METRICS_PORT: '0',
    });
    const connection = new RedisConnection({ url: redis.url }, 'test');
    await until(async () => (await groupStatus(connection, FILE_TEAM_READS)).pending === 0, { timeoutMs: 600_000 });
    connection.close();
    expect(mostResidentBytes(team)).toBeLessThan(MOST_RESIDENT_BYTES);
    expect(new Set((await readFile(output, 'utf8')).split('\n').filter(Boolean)).size).toBe(ORPHANS);
  });
});

/** The most that any of its consumers has had in memory, as Linux counts it. */
function mostResidentBytes(supervisor: StartedProcess): number {
  const peaks = consumerPids(supervisor).map((pid) => {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  });
  return Math.max(...peaks);
}
