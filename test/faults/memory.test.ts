import { readFileSync } from 'node:fs';
import { describeWithRedisProcess, type StartedProcess } from '@distributary/testing';
import { expect, it } from 'vitest';
import { consumerPids } from '../commands.ts';
import { entryIds, House, NOC, STREAM } from '../house.ts';
import { firewallLines } from '../lines.ts';

const MB = 1024 * 1024;

/** What a consumer's process may hold, however much waits for it. */
const MOST_RESIDENT_BYTES = 256 * MB;

/** The same with entries that fill a batch by their size: what Node has not yet given back comes on top. */
const MOST_RESIDENT_WITH_LARGE_BYTES = 448 * MB;

describeWithRedisProcess('large entries', () => {
  it('100 of 1 MB, one of 10 MB and one of 10,000 fields pass through a process that holds a bounded part of them', async () => {
    await using house = await House.open();
    const ids = [await house.admin.xadd(STREAM, '*', 'line', 'x'.repeat(10 * MB))];
    for (let i = 0; i < 100; i++) ids.push(await house.admin.xadd(STREAM, '*', 'line', `${i} `.padEnd(MB, 'y')));
    const fields = Array.from({ length: 10_000 }, (_, i) => [`field-${i}`, `${i}`]).flat();
    ids.push(await house.admin.xadd(STREAM, '*', 'line', 'many fields', ...fields));
    const team = house.run(NOC);
    await house.settled('noc_team');
    expect(mostResidentBytes(team)).toBeLessThan(MOST_RESIDENT_WITH_LARGE_BYTES);
    expect(entryIds(await house.nocCopies())).toEqual(ids.map(String).sort());
    expect(await house.setAside('noc_team')).toEqual([]);
  });
});

describeWithRedisProcess('50,000 pending entries of a consumer that is gone', () => {
  it('are claimed and delivered by a process that holds no more than 256 MB', async () => {
    await using house = await House.open();
    const ids = await house.add(firewallLines(50_000));
    await house.admin.xgroup('CREATE', STREAM, 'noc_team', '0');
    await house.admin.xreadgroup('GROUP', 'noc_team', 'gone', 'COUNT', ids.length, 'STREAMS', STREAM, '>');
    const team = house.run(NOC);
    await house.settled('noc_team');
    expect(mostResidentBytes(team)).toBeLessThan(MOST_RESIDENT_BYTES);
    expect((await house.elasticsearch.counts())?.stored).toBe(ids.length);
    expect(await house.status('noc_team')).toMatchObject({ pending: 0, deadLetters: 0, lost: 0 });
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
