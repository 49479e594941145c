import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { temporaryFolder } from '@distributary/testing';
import { expect, it } from 'vitest';
import { FILE_TEAM, ROOT, run } from './distributary.ts';
import { teamPackage } from './team-package.ts';

const BUILT =
  '<166>Nov 24 10:00:00 fw1 %ASA-6-302013: Built outbound TCP connection 1 for outside:1.2.3.4/443 (1.2.3.4/443) to inside:10.0.0.1/5000 (9.9.9.9/5000)';

function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

it('makes one event per line, in order, and counts by reason what it could not read', async () => {
  const input = Buffer.concat([
    Buffer.from(`${BUILT}\nhello\n\nanother line\u2028of one\r\n`),
    Buffer.from([0x61, 0xff, 0x62, 0x0a]),
    Buffer.from('the last has no line break'),
  ]);
  const { code, stdout, stderr } = await run(['parse'], { input });
  const originals = eventsOf(stdout).map(({ event }) => (event as { original: string }).original);
  expect(originals).toEqual([
    BUILT,
    'hello',
    '',
    'another line\u2028of one\r',
    'a\ufffdb',
    'the last has no line break',
  ]);
  expect(stderr).toMatch(/^6 lines, 5 of them not fully parsed\n\d × /);
  expect(code).toBe(0);
});

it("shows a team's own documents", async () => {
  const { stdout } = await run(['parse', '--consumer', 'consumers/noc'], { input: `${BUILT}\n` });
  expect(eventsOf(stdout)).toMatchObject([
    { event: { original: BUILT, code: '302013' }, distributary: { entry_id: expect.any(String) } },
  ]);
});

it('shows a team what its masks leave of a line', async () => {
  await using folder = await temporaryFolder();
  const declared = { stream: 'cli_stream', group: 'file_team', mask: [{ find: 'ipv4' }] };
  const team = await teamPackage(folder.path, 'team', declared);
  const { stdout } = await run(['parse', '--consumer', team], { input: 'from 10.1.2.3\n' });
  expect(eventsOf(stdout)).toEqual([{ mapped: 'from ***' }]);
});

it('goes on behind a line that the mapping throws at', async () => {
  const { stdout, stderr } = await run(['parse', '--consumer', FILE_TEAM], { input: 'one\nthrow\ntwo\n' });
  expect(eventsOf(stdout)).toEqual([
    { mapped: 'one' },
    { event: { original: 'throw' }, error: { message: 'The mapping threw: cannot map this' } },
    { mapped: 'two' },
  ]);
  expect(stderr).toBe('3 lines, 1 of them not fully parsed\n1 × The mapping threw: cannot map this\n');
});

it('ends quietly when its reader has seen enough', async () => {
  const shell = spawn(
    'sh',
    ['-c', `yes hello | "${process.execPath}" packages/cli/bin/distributary.js parse | head -1`],
    {
      cwd: ROOT,
    },
  );
  let output = '';
  shell.stdout.on('data', (chunk) => {
    output += chunk;
  });
  let errors = '';
  shell.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  await once(shell, 'close');
  expect(output.split('\n')).toHaveLength(2);
  expect(errors).not.toMatch(/EPIPE|Error/);
});
