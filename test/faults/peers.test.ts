import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { killWithConsumers } from '../commands.ts';
import { type Copy, entryIds, House, NOC, SECURITY } from '../house.ts';
import { firewallLines } from '../lines.ts';

/** Two of a team's batches are delivered at once, of 500 entries each. */
const BEING_DELIVERED = 2 * 500;

describeWithRedisProcess('a consumer that is killed', () => {
  it('and never comes back under its name: its successor claims all it had within two leases', async () => {
    await using house = await House.open({ claimIdleMs: 3_000 });
    await house.collector.faults?.set({ kind: 'status', status: 503 });
    const dead = house.runAs('dead', SECURITY);
    const ids = await house.add(firewallLines(2_000));
    await until(async () => (await house.status('sec_team')).pending === ids.length, {
      describe: 'everything to be in hand',
    });
    await using successor = house.runAs('successor', SECURITY);
    await until(() => successor.log().some(({ msg }) => msg === 'running'), { describe: 'the successor to run' });
    await killWithConsumers(dead);
    const diedAt = Date.now();
    await house.collector.faults?.clear();
    await house.settled('sec_team');
    expect(entryIds(await house.securityCopies())).toEqual([...ids].sort());
    const claims = successor.log().filter(({ msg }) => msg === 'takes back entries that another consumer left idle');
    expect(claims.reduce((sum, { count }) => sum + Number(count), 0)).toBe(ids.length);
    expect(Date.parse(String(claims[0]?.['time'])) - diedAt).toBeLessThanOrEqual(2 * house.claimIdleMs);
  });

  it('and comes back under its name sends again what was being delivered, and no more', async () => {
    await using house = await House.open();
    await house.collector.faults?.set({ kind: 'slow', ms: 200 });
    const ids = await house.add(firewallLines(6_000));
    // After a third one, what was in hand all the time is delivered alone.
    const kills = 2;
    for (let kill = 0; kill < kills; kill++) {
      const before = (await house.collector.counts())?.stored ?? 0;
      const consumer = house.runAs('same', SECURITY);
      await until(async () => Number((await house.collector.counts())?.stored) >= before + BEING_DELIVERED);
      await killWithConsumers(consumer);
    }
    await house.collector.faults?.clear();
    house.runAs('same', SECURITY);
    await house.settled('sec_team');
    const copies = await house.securityCopies();
    expect(entryIds(copies)).toEqual([...ids].sort());
    expect(copies.length - ids.length).toBeLessThanOrEqual(kills * BEING_DELIVERED);
    expect(await house.status('sec_team')).toMatchObject({ deadLetters: 0, lost: 0 });
  });
});

describeWithRedisProcess('destinations that answer 500 and 503 for a while, and a poison entry', () => {
  it('are asked at most twice a second meanwhile; then they have all but the poison, which is the one dead letter', async () => {
    await using house = await House.open();
    const { elasticsearch, collector } = house;
    const poison = { kind: 'items', status: 400, containing: 'poison-' } as const;
    await elasticsearch.faults?.set({ kind: 'status', status: 500 }, poison);
    await collector.faults?.set({ kind: 'status', status: 503 });
    house.run(NOC, SECURITY);
    const [poisoned, ...well] = await house.add([...firewallLines(1, 'poison'), ...firewallLines(4_000)]);
    const asked = async () =>
      Promise.all([elasticsearch, collector].map(async (each) => Number((await each.counts())?.deliveries)));
    await until(async () => Math.min(...(await asked())) >= 6, { describe: 'the pauses between probes to have grown' });
    const before = await asked();
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 4_000);
    const after = await asked();
    const most = 2 * Math.ceil((performance.now() - startedAt) / 1_000);
    for (const [i, count] of after.entries()) {
      expect(count).toBeGreaterThan(Number(before[i]));
      expect(count - Number(before[i])).toBeLessThanOrEqual(most);
    }
    await elasticsearch.faults?.set(poison);
    await collector.faults?.clear();
    await house.settled('noc_team', 'sec_team');
    expect(idsOf(await house.nocCopies())).toEqual([...well].sort());
    expect(idsOf(await house.securityCopies())).toEqual([poisoned, ...well].sort());
    expect((await elasticsearch.counts())?.duplicates).toBe(0);
    expect(await house.setAside('noc_team')).toEqual([`${poisoned} rejected`]);
    expect(await house.setAside('sec_team')).toEqual([]);
  });
});

describeWithRedisProcess('a Redis that is restarted while entries are being delivered', () => {
  it('leaves none pending: what could not be acknowledged is acknowledged or delivered again', async () => {
    await using house = await House.open();
    await house.collector.faults?.set({ kind: 'slow', ms: 500 });
    const team = house.run(SECURITY);
    const ids = await house.add(firewallLines(2_000));
    await until(async () => Number((await house.collector.counts())?.deliveries) >= 2);
    await house.redis.kill();
    await until(async () => Number((await house.collector.counts())?.stored) > 0, {
      describe: 'something to be stored that cannot be acknowledged',
    });
    await house.redis.restart();
    await house.settled('sec_team');
    expect(entryIds(await house.securityCopies())).toEqual([...ids].sort());
    expect(team.log().some(({ msg }) => msg === 'Redis answers again')).toBe(true);
    expect(await house.status('sec_team')).toMatchObject({ pending: 0, deadLetters: 0, lost: 0 });
  });
});

/** Of every copy, also those that are there twice. */
function idsOf(copies: readonly Copy[]): string[] {
  return copies.map(({ entryId }) => entryId).sort();
}
