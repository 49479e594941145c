import { describeWithRedisProcess, type StartedProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { killWithConsumers, startCommand } from '../commands.ts';
import { entryIds, House, NOC, SECURITY, STREAM } from '../house.ts';
import { firewallLines } from '../lines.ts';

describeWithRedisProcess('a producer that trims what nobody has had', () => {
  it('is found out: what was pending and what was unread is counted exactly, reported and cleared', async () => {
    await using house = await House.open();
    await house.collector.faults?.set({ kind: 'status', status: 503 });
    const killed = house.run(SECURITY);
    const ids = await house.add(firewallLines(4_000));
    // What may be in hand is 2,500.
    await until(async () => (await house.status('sec_team')).pending === 2_500, { describe: 'its hands to be full' });
    await killWithConsumers(killed);
    const left = 1_000;
    await house.admin.xtrim(STREAM, 'MAXLEN', left);
    await house.collector.faults?.clear();
    const team = house.run(SECURITY);
    await house.settled('sec_team');
    expect(entryIds(await house.securityCopies())).toEqual(ids.slice(-left).sort());
    expect(lostBy(team)).toBe(ids.length - left);
    expect(await house.status('sec_team')).toMatchObject({ pending: 0, deadLetters: 0 });
  });
});

describeWithRedisProcess(
  'trimming as it should be, beside a team that is slow and one whose destination is down',
  () => {
    it('takes nothing that a team still needs, and nothing at all while a declared group is missing', async () => {
      await using house = await House.open();
      await using janitor = startCommand(['retain', NOC, SECURITY, '--every', '1s', '--json'], house.environment);
      const noc = house.run(NOC);
      const ids = await house.add(firewallLines(2_000, 'first'));
      await house.settled('noc_team');
      await until(() => janitor.log().some((pass) => JSON.stringify(pass).includes('"missing":["sec_team"]')), {
        describe: 'the janitor to miss the other team',
      });
      expect(await house.admin.xlen(STREAM)).toBe(ids.length);

      await house.elasticsearch.faults?.set({ kind: 'down' });
      await house.collector.faults?.set({ kind: 'slow', ms: 200 });
      house.run(SECURITY);
      const second = await house.add(firewallLines(3_000, 'second'));
      ids.push(...second);
      await house.settled('sec_team');
      await until(async () => Number(await house.admin.xlen(STREAM)) === second.length, {
        describe: 'the first part to be trimmed, and only that',
      });
      await house.elasticsearch.faults?.clear();
      await house.settled('noc_team');
      await until(async () => Number(await house.admin.xlen(STREAM)) === 0, { describe: 'everything to be trimmed' });
      for (const copies of [await house.nocCopies(), await house.securityCopies()]) {
        expect(entryIds(copies)).toEqual([...ids].sort());
      }
      expect(lostBy(noc)).toBe(0);
      expect(await house.status('sec_team')).toMatchObject({ lost: 0 });
    });
  },
);

/** How many entries its consumers have reported as lost. */
function lostBy(team: StartedProcess): number {
  return team
    .log()
    .filter(({ msg }) => msg === 'entries were trimmed from the stream before this group had them')
    .reduce((sum, { count }) => sum + Number(count), 0);
}
