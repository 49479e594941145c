import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { entryIds, House, NOC, SECURITY } from './house.ts';
import { firewallLines } from './lines.ts';

describeWithRedisProcess('a dead sink costs the other team nothing', () => {
  it('Security drains at least nine tenths as fast while the Elasticsearch of the NOC is down', async () => {
    await using house = await House.open();
    const lines = firewallLines(20_000);
    house.run(NOC, SECURITY);
    await drained(house, lines);
    const both = await fastest(house, lines);
    await house.elasticsearch.faults?.set({ kind: 'down' });
    const alone = await fastest(house, lines);
    expect(alone).toBeLessThanOrEqual(both / 0.9);
    await house.elasticsearch.faults?.clear();
    await until(async () => (await house.status('noc_team')).pending === 0, { timeoutMs: 60_000 });
  });
});

describeWithRedisProcess('an outage dead-letters nothing', () => {
  it('refused connections, 503s and throttled items: afterwards both teams have everything', async () => {
    await using house = await House.open();
    house.run(NOC, SECURITY);
    const ids: string[] = [];
    for (const fault of [
      { kind: 'down' },
      { kind: 'status', status: 503 },
      { kind: 'items', status: 429, every: 2 },
    ] as const) {
      await house.elasticsearch.faults?.set(fault);
      await house.collector.faults?.set(fault.kind === 'items' ? { kind: 'status', status: 429 } : fault);
      ids.push(...(await house.add(firewallLines(300, fault.kind))));
      await until(async () => (await house.status('noc_team')).lagEntries === 0);
    }
    await house.elasticsearch.faults?.clear();
    await house.collector.faults?.clear();
    await until(async () => entryIds(await house.nocCopies()).length === ids.length, { timeoutMs: 60_000 });
    await until(async () => entryIds(await house.securityCopies()).length === ids.length, { timeoutMs: 60_000 });
    expect(await house.status('noc_team')).toMatchObject({ deadLetters: 0, lost: 0 });
    expect(await house.status('sec_team')).toMatchObject({ deadLetters: 0, lost: 0 });
  });
});

/** The best of three drains, in milliseconds: the machine's own noise only ever adds. */
async function fastest(house: House, lines: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push(await drained(house, lines));
  return Math.min(...times);
}

async function drained(house: House, lines: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  await house.add(lines);
  const done = async () => {
    const { lagEntries, pending } = await house.status('sec_team');
    return lagEntries === 0 && pending === 0;
  };
  await until(done, { timeoutMs: 60_000, describe: 'Security to have acknowledged everything' });
  return performance.now() - startedAt;
}
