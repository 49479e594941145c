import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { consumerPids } from '../commands.ts';
import { entryIds, House, NOC, SECURITY } from '../house.ts';
import { firewallLines } from '../lines.ts';

describeWithRedisProcess('a process that stands still for longer than a lease', () => {
  it('is relieved by its sibling, and harms nothing when it wakes: no dead letter, nothing lost', async () => {
    await using house = await House.open();
    await house.collector.faults?.set({ kind: 'status', status: 503 });
    const asleep = house.runAs('asleep', SECURITY);
    const ids = await house.add(firewallLines(2_000));
    await until(async () => (await house.status('sec_team')).pending === ids.length);
    const pids = consumerPids(asleep);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await house.collector.faults?.clear();
    house.runAs('awake', SECURITY);
    await house.settled('sec_team');
    const claimed = entryIds(await house.securityCopies());
    expect(claimed).toEqual([...ids].sort());
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    ids.push(...(await house.add(firewallLines(500, 'after'))));
    await until(async () => entryIds(await house.securityCopies()).length === ids.length);
    await house.settled('sec_team');
    expect(consumerPids(asleep)).toEqual(pids);
    expect(await house.status('sec_team')).toMatchObject({ deadLetters: 0, lost: 0 });
  });
});

describeWithRedisProcess('a team that joins while others have long been running', () => {
  it('gets everything from the beginning, and the others notice nothing', async () => {
    await using house = await House.open();
    house.run(NOC);
    const ids = await house.add(firewallLines(2_000, 'before'));
    await house.settled('noc_team');
    house.run(SECURITY);
    ids.push(...(await house.add(firewallLines(500, 'after'))));
    await house.settled('noc_team', 'sec_team');
    expect(entryIds(await house.securityCopies())).toEqual([...ids].sort());
    expect(entryIds(await house.nocCopies())).toEqual([...ids].sort());
    expect((await house.elasticsearch.counts())?.duplicates).toBe(0);
  });
});
