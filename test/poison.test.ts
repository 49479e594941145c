import { Entry, type EntryId, groupKey, readDeadLetter } from '@distributary/core';
import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { entryIds, House, NOC, SECURITY, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

describeWithRedisProcess('a poison entry is dead-lettered and the rest flow', () => {
  it('refused by one destination: one dead letter there, with its bytes and the reason, and a full copy elsewhere', async () => {
    await using house = await House.open();
    await house.elasticsearch.faults?.set({ kind: 'items', status: 400, containing: 'poison-' });
    house.run(NOC, SECURITY);
    const good = await house.add(firewallLines(600));
    const [poison] = (await house.add(firewallLines(1, 'poison'))) as [string];
    const more = await house.add(firewallLines(600, 'later'));

    await until(async () => entryIds(await house.nocCopies()).length === good.length + more.length, {
      timeoutMs: 30_000,
    });
    await until(async () => entryIds(await house.securityCopies()).length === good.length + more.length + 1);
    const key = groupKey(STREAM, 'noc_team', 'dead-letters');
    const [stored] = await until(async () => {
      const letters = await house.admin.xrangeBuffer(key, '-', '+');
      return letters.length > 0 && letters;
    });
    const [id, fields] = stored as unknown as [Buffer, Buffer[]];
    const { envelope, entry } = readDeadLetter(new Entry(id.toString() as EntryId, fields));
    expect(envelope).toMatchObject({ entryId: poison, group: 'noc_team', verdict: 'rejected' });
    expect(envelope.reason).toMatch(/400|document_parsing/);
    expect(entry.text('line')).toBe(firewallLines(1, 'poison')[0]);
    expect(await house.admin.xlen(key)).toBe(1);
    expect(await house.status('sec_team')).toMatchObject({ deadLetters: 0 });
    await until(async () => (await house.status('noc_team')).pending === 0);
  });

  it('an entry without a line is a dead letter of both teams that says what is missing', async () => {
    await using house = await House.open();
    house.run(NOC, SECURITY);
    await house.admin.xadd(STREAM, '*', 'massage', 'no such field');
    const after = await house.add(firewallLines(10));
    await until(async () => entryIds(await house.nocCopies()).length === after.length);
    await until(async () => entryIds(await house.securityCopies()).length === after.length);
    for (const group of ['noc_team', 'sec_team'] as const) {
      await until(async () => (await house.status(group)).deadLetters === 1);
      const [[, fields]] = (await house.admin.xrange(groupKey(STREAM, group, 'dead-letters'), '-', '+')) as [
        [string, string[]],
      ];
      expect(fields[1]).toContain('no field \\"line\\"');
      expect(fields.slice(2)).toEqual(['massage', 'no such field']);
    }
  });
});
