import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { entryIds, House, NOC, SECURITY, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

describeWithRedisProcess('the group vanishes and comes back', () => {
  it('destroyed: each team goes on at its checkpoint, with nothing missing and nothing twice, and it is said', async () => {
    await using house = await House.open();
    const teams = house.run(NOC, SECURITY);
    const ids = await house.add(firewallLines(500, 'before'));
    await everyone(house, ids);
    for (const group of ['noc_team', 'sec_team'] as const) {
      await until(async () => (await house.status(group)).checkpoint?.id === ids.at(-1), { timeoutMs: 30_000 });
      await house.admin.xgroup('DESTROY', STREAM, group);
    }
    const more = await house.add(firewallLines(100, 'after'));
    await everyone(house, [...ids, ...more]);
    expect((await house.securityCopies()).length).toBe(600);
    for (const group of ['noc_team', 'sec_team'] as const) {
      expect(await house.status(group)).toMatchObject({ recreated: { startFrom: ids.at(-1), gap: null } });
    }
    expect(teams.stdout()).toContain(`recreated behind its checkpoint ${ids.at(-1)}`);
  });

  it('destroyed, deleted with its stream, flushed: what is added afterwards arrives, and it is said', async () => {
    await using house = await House.open();
    const teams = house.run(NOC, SECURITY);
    const ids = await house.add(firewallLines(100, 'before'));
    await everyone(house, ids);
    for (const vanish of [
      () => house.admin.xgroup('DESTROY', STREAM, 'noc_team'),
      () => house.admin.del(STREAM),
      () => house.admin.flushall(),
    ]) {
      await vanish();
      ids.push(...(await house.add(firewallLines(100, `after-${ids.length}`))));
      await everyone(house, ids);
    }
    expect(teams.stdout()).toContain('the group had vanished');
  });

  it('Redis is killed and comes back: nothing that it acknowledged is missing', async () => {
    await using house = await House.open();
    house.run(NOC, SECURITY);
    const ids = await house.add(firewallLines(2_000, 'before'));
    await house.redis.kill();
    await house.redis.restart();
    await until(() => house.admin.ping(), { describe: 'the test itself to reach Redis again' });
    ids.push(...(await house.add(firewallLines(2_000, 'after'))));
    await everyone(house, ids);
  });
});

async function everyone(house: House, ids: readonly string[]): Promise<void> {
  const expected = [...new Set(ids)].sort();
  for (const copies of [() => house.nocCopies(), () => house.securityCopies()]) {
    await until(async () => entryIds(await copies()).length >= expected.length, { timeoutMs: 30_000 });
    expect(entryIds(await copies())).toEqual(expected);
  }
}
