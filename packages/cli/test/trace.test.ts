import { expect, it } from 'vitest';
import { FILE_TEAM, run } from './distributary.ts';
import { GROUP, GroupByHand, STREAM } from './group-by-hand.ts';

it('says for every group where an entry stands, by whom, when, after how many deliveries, and its document id', async () => {
  await using group = await GroupByHand.start();
  const pending = await group.add('line', 'one', 'eid', 'fw.1.1');
  const dead = await group.add('line', 'two');
  const done = await group.add('line', 'three');
  await group.handOut('host-1', 3);
  await group.setAside(dead);
  await group.acknowledge(done);
  await group.admin.call('XGROUP', 'CREATE', STREAM, 'late_team', '0');
  const trace = (...args: string[]) => run(['trace', ...args, '--stream', STREAM], { environment: group.environment });

  const first = await trace(pending, FILE_TEAM);
  expect(first.code).toBe(0);
  expect(first.stdout).toContain(`${pending} in ${STREAM}: added 20`);
  expect(first.stdout).toContain('document id: fw.1.1');
  expect(first.stdout).toMatch(/file_team +pending +host-1 +1 +\d.* ago +not asked: its package exports no audit/);
  expect(first.stdout).toMatch(/late_team +to come/);
  expect((await trace(dead)).stdout).toMatch(
    /file_team +dead letter +host-1 +2 +2026-11-24T10:00:00.000Z +rejected: the destination refused it \(document id /,
  );

  await group.admin.call('XTRIM', STREAM, 'MAXLEN', 0);
  const gone = await trace(done, '--json');
  expect(gone.code).toBe(1);
  expect(JSON.parse(gone.stdout).streams).toMatchObject([
    {
      id: done,
      entry: null,
      groups: [
        { group: GROUP, state: 'gone' },
        { group: 'late_team', state: 'lost' },
      ],
    },
  ]);
});
