import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { consumerPids, killWithConsumers } from './commands.ts';
import { entryIds, House, NOC, SECURITY } from './house.ts';
import { firewallLines } from './lines.ts';

describeWithRedisProcess("a killed consumer's entries are taken over", () => {
  it('by a sibling, though the dead one never comes back', async () => {
    await using house = await House.open();
    await house.collector.faults?.set({ kind: 'status', status: 503 });
    const first = house.run(SECURITY);
    const ids = await house.add(firewallLines(2_000));
    await until(async () => (await house.status('sec_team')).pending > 0, { describe: 'entries to be in hand' });
    expect(consumerPids(first)).toHaveLength(1);
    await killWithConsumers(first);
    await house.collector.faults?.clear();

    house.run(SECURITY, '--replicas', '2');
    await until(async () => entryIds(await house.securityCopies()).length === ids.length, { timeoutMs: 30_000 });
    await until(async () => (await house.status('sec_team')).pending === 0);
    expect(entryIds(await house.securityCopies())).toEqual([...ids].sort());
  });
});

describeWithRedisProcess('nothing is acknowledged before its sink confirmed it', () => {
  it('a destination that answers nothing leaves everything pending; afterwards it has everything', async () => {
    await using house = await House.open();
    await house.collector.faults?.set({ kind: 'reset', after: 'receipt' });
    await house.elasticsearch.faults?.set({ kind: 'wrongItems', how: 'missing' });
    house.run(NOC, SECURITY);
    const ids = await house.add(firewallLines(400));
    for (const group of ['noc_team', 'sec_team'] as const) {
      await until(async () => (await house.status(group)).lagEntries === 0, {
        describe: `${group} to have read it all`,
      });
    }
    await until(async () => ((await house.collector.counts())?.requests ?? 0) >= 3, { describe: 'three tries' });
    await until(async () => ((await house.elasticsearch.counts())?.deliveries ?? 0) >= 3, { describe: 'three tries' });
    expect((await house.status('noc_team')).pending).toBe(ids.length);
    expect((await house.status('sec_team')).pending).toBe(ids.length);
    await house.collector.faults?.clear();
    await house.elasticsearch.faults?.clear();
    for (const group of ['noc_team', 'sec_team'] as const) {
      await until(async () => (await house.status(group)).pending === 0, { timeoutMs: 30_000 });
    }
    expect(entryIds(await house.nocCopies())).toEqual([...ids].sort());
    expect(entryIds(await house.securityCopies())).toEqual([...ids].sort());
  });
});

describeWithRedisProcess('SIGTERM drains', () => {
  it('what is in hand is delivered and acknowledged, the exit code is 0, and nothing stays pending', async () => {
    await using house = await House.open();
    await house.elasticsearch.faults?.set({ kind: 'slow', ms: 300 });
    await house.collector.faults?.set({ kind: 'slow', ms: 300 });
    const teams = house.run(NOC, SECURITY);
    await house.add(firewallLines(3_000));
    for (const group of ['noc_team', 'sec_team'] as const) {
      await until(async () => (await house.status(group)).pending > 0, {
        describe: `${group} to have entries in hand`,
      });
    }
    expect((await teams.end('SIGTERM')).code).toBe(0);
    expect((await house.status('noc_team')).pending).toBe(0);
    expect((await house.status('sec_team')).pending).toBe(0);
    const lag = (await house.status('noc_team')).lagEntries ?? 0;
    expect(entryIds(await house.nocCopies())).toHaveLength(3_000 - lag);
  });
});
