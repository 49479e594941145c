import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { entryIds, House, NOC, SECURITY } from './house.ts';
import { firewallLines } from './lines.ts';

describeWithRedisProcess('every group gets an identical full copy', () => {
  it('with two processes per team, entries from before and after the teams started', async () => {
    await using house = await House.open({ standIn: false });
    const lines = firewallLines(6_000);
    const before = await house.add(lines.slice(0, 3_000));
    house.run(NOC, SECURITY, '--replicas', '2');
    const after = await house.add(lines.slice(3_000));
    const ids = [...before, ...after];

    await until(
      async () => (await house.status('noc_team')).lagEntries === 0 && (await house.status('noc_team')).pending === 0,
      {
        timeoutMs: 30_000,
        describe: 'the NOC to have acknowledged everything',
      },
    );
    await until(
      async () => (await house.status('sec_team')).lagEntries === 0 && (await house.status('sec_team')).pending === 0,
      {
        timeoutMs: 30_000,
        describe: 'Security to have acknowledged everything',
      },
    );
    for (const copies of [await house.nocCopies(), await house.securityCopies()]) {
      const byId = new Map(copies.map((copy) => [copy.entryId, copy]));
      expect(entryIds(copies)).toEqual([...ids].sort());
      expect(ids.map((id) => byId.get(id)?.line)).toEqual(lines);
    }
  });
});

describeWithRedisProcess('bytes arrive as they were sent', () => {
  it('quotes, controls, line separators, smuggled actions, bytes that are not UTF-8', async () => {
    await using house = await House.open({ standIn: false });
    const lines = [
      Buffer.from('plain'),
      Buffer.from('quotes " and \\ and \t tabs \u2028 \u2029 \u0000 nul'),
      Buffer.from('line\n{"create":{"_index":"evil"}}\n{"evil":true}'),
      Buffer.from('{"__proto__":{"polluted":true}}'),
      Buffer.from([0x66, 0xff, 0xfe, 0x00, 0xc3, 0x28]),
      Buffer.from(''),
      Buffer.from('\ufffd is a character too'),
      Buffer.from('x'.repeat(100_000)),
      Buffer.from('emoji 🔥 and ümlauts'),
    ];
    const ids = await house.add(lines);
    house.run(NOC, SECURITY);
    for (const copiesOf of [() => house.nocCopies(), () => house.securityCopies()]) {
      const copies = await until(async () => {
        const copies = await copiesOf();
        return copies.length >= lines.length && copies;
      });
      const byId = new Map(copies.map((copy) => [copy.entryId, copy]));
      expect(ids.map((id) => byId.get(id)?.bytes)).toEqual(lines);
      expect(copies).toHaveLength(lines.length);
    }
  });
});
