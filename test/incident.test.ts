import { groupKey } from '@distributary/core';
import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { runCommand } from './commands.ts';
import { snippetsOf } from './documents.ts';
import { entryIds, House, NOC, SECURITY, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

const GROUP = 'noc_team';

/** The commands of the walk through an incident, in its order, each as its arguments. */
function walk(): string[][] {
  const snippets = snippetsOf('packages/cli/README.md');
  const from = snippets.findIndex(({ text }) =>
    text.startsWith('npx distributary status consumers/noc consumers/security'),
  );
  const to = snippets.findLastIndex(({ text }) =>
    text.endsWith('npx distributary status consumers/noc consumers/security\n'),
  );
  const lines = snippets.slice(from, to + 1).flatMap(({ text }) => text.trim().split('\n'));
  return lines.map((line) => line.replace('npx distributary ', '').split(' '));
}

describeWithRedisProcess('the walk through an incident', () => {
  it('leads from the alert to a team that has everything, as the commands stand there', async () => {
    await using house = await House.open();
    await house.elasticsearch.faults?.set({ kind: 'items', status: 400, containing: 'refused' });
    house.run(NOC, SECURITY);
    const well = await house.add(firewallLines(60));
    const refused = await house.add(firewallLines(5, 'refused'));
    await until(async () => (await house.status(GROUP)).deadLetters === refused.length);
    await until(async () => (await house.status('sec_team')).pending === 0);
    await until(async () => entryIds(await house.nocCopies()).length === well.length);
    // As its service does every minute.
    await runCommand(['retain', NOC, SECURITY], house.environment);
    const [letter] = await house.admin.xrange(groupKey(STREAM, GROUP, 'dead-letters'), '-', '+');

    const said: string[] = [];
    for (const command of walk()) {
      const [name] = command;
      if (name === 'redrive' && command.includes('--yes')) await house.elasticsearch.faults?.clear();
      const ids: Record<string, string> = {
        '1764064800000-0': String(letter?.[0]),
        '1764064799000-0': String(refused[0]),
      };
      const args = command.map((word) => ids[word] ?? word);
      const { code, stdout, stderr } = await runCommand(args, house.environment);
      expect(code, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
      said.push(stdout);
    }

    const [before, history, list, show, trace, dryRun, redrive, jobs, reconcile, after] = said as string[];
    expect(before).toMatch(/noc_team.* 5 .*dead-letters list/);
    expect(before).toMatch(/sec_team.*up to date/);
    expect(history).toMatch(/noc_team/);
    expect(list).toContain('document_parsing_exception');
    expect(show).toContain('refused');
    expect(trace).toMatch(/noc_team.*dead letter/i);
    expect(dryRun).toContain('5 dead letters of noc_team');
    expect(redrive).toContain('5 delivered, 0 failed again');
    expect(jobs).toMatch(/redrive.*done/);
    expect(reconcile).toMatch(/missing/);
    expect(after).toMatch(/noc_team.*up to date/);
    expect(entryIds(await house.nocCopies())).toEqual([...well, ...refused].sort());
  });
});
