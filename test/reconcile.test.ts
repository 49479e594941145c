import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { runCommand } from './commands.ts';
import { House, NOC, SECURITY, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

/** Takes what comes next from the NOC: read by a consumer of another's making, which may also acknowledge without reading. */
async function take(house: House, count: number, ...noack: 'NOACK'[]): Promise<void> {
  const who = ['GROUP', 'noc_team', 'stranger', 'COUNT', count] as const;
  await house.admin.call('XREADGROUP', ...who, ...noack, 'STREAMS', STREAM, '>');
}

describeWithRedisProcess('a reconciliation', () => {
  it('accounts for every entry, minute by minute, and names those that never reached the destination', async () => {
    await using house = await House.open({ standIn: false });
    const stored = await house.add(firewallLines(1_200));
    for (let i = 0; i < 2; i++) await house.admin.xadd(STREAM, '*', 'line', 'added twice', 'eid', 'event.1');
    await house.admin.xadd(STREAM, '*', 'no', 'line');
    const noc = house.run(NOC);
    await until(async () => {
      const { lagEntries, pending, exists } = await house.status('noc_team');
      return exists && lagEntries === 0 && pending === 0;
    });
    expect(await noc.end('SIGTERM')).toMatchObject({ code: 0 });
    const lost = await house.add(firewallLines(3));
    await take(house, 3, 'NOACK');
    await house.add(firewallLines(2));
    await take(house, 2);
    await house.add(firewallLines(4));

    const { code, stdout } = await runCommand(['reconcile', NOC, '--json'], house.environment);
    const [team] = JSON.parse(stdout).teams;
    expect(team).toMatchObject({
      group: 'noc_team',
      destination: 'elasticsearch',
      totals: { stored: stored.length + 2, missing: 3, acknowledged: 0, pending: 2, deadLetter: 1, toCome: 4 },
      missing: lost,
    });
    const sums = team.minutes.reduce(
      (sum: [number, number], minute: Record<string, number>) => [
        sum[0] + Number(minute['stored']),
        sum[1] + Number(minute['missing']),
      ],
      [0, 0],
    );
    expect(sums).toEqual([stored.length + 2, 3]);
    expect(code).toBe(1);

    const traced = await runCommand(['trace', lost[0] ?? '', NOC], house.environment);
    expect(traced.stdout).toMatch(/noc_team +acknowledged +- +- +- +not in elasticsearch/);

    // A group that skipped the stream, on a destination that nobody can read back.
    await house.admin.xgroup('CREATE', STREAM, 'sec_team', '$');
    const both = await runCommand(['reconcile', NOC, SECURITY, '--to', stored.at(-1) ?? ''], house.environment);
    expect(both.stdout).toContain('1,200 entries, 1,200 in elasticsearch, 0 pending');
    expect(both.stdout).toContain('are wholly stored');
    expect(both.stdout).toContain('What the destination of security holds cannot be read back');
    expect(both.stdout).toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\dZ +[\d,]+ +unknown +unknown +0 +0 +0/);
    expect(both.code).toBe(2);
  });
});
