import { until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { RunningTeam } from './running-team.ts';

const GROUP = ['cli_stream', 'file_team'] as const;

it('replays what a killed process held, after saying who holds what', async () => {
  await using team = await RunningTeam.open();
  await team.admin.call('XGROUP', 'CREATE', ...GROUP, '0', 'MKSTREAM');
  await team.add('one', 'two', 'three');
  await team.admin.call('XREADGROUP', 'GROUP', 'file_team', 'killed', 'COUNT', 9, 'STREAMS', 'cli_stream', '>');
  await team.start({ DISTRIBUTARY_CLAIM_IDLE_MS: '600000' });
  await until(async () => (await team.command('replay', '--idle', '1s', '--dry-run')).stdout.includes('killed'));
  expect(await team.pending()).toBe(3);
  const { code, stdout } = await team.command('replay', '--idle', '1s', '--consumer', 'killed');
  expect(stdout).toMatch(/3 pending entries of file_team .* 1\.0 s\n.*\n +killed +3 /);
  expect(stdout).toContain('replay 1 done: 3 delivered, 0 set aside');
  expect(code).toBe(0);
  expect(await team.received()).toEqual(['one', 'two', 'three']);
  expect(await team.pending()).toBe(0);
});

it('backfills a range into another file, and nothing without being told', async () => {
  await using team = await RunningTeam.open();
  const [, from, , to] = await team.add('zero', 'one', 'two', 'three', 'four');
  await team.start();
  await until(async () => (await team.received()).length === 5);
  const elsewhere = `${team.file}.elsewhere`;
  const args = [
    'backfill',
    '--from',
    String(from),
    '--to',
    String(to),
    '--sink-override',
    `FILE_TEAM_OUTPUT=${elsewhere}`,
  ];
  const dry = await team.command(...args);
  expect(dry).toMatchObject({ code: 0, stderr: 'Nothing was changed. To do it, give --yes.\n' });
  expect(dry.stdout).toContain('3 entries of cli_stream from 20');
  const { code, stdout } = await team.command(...args, '--yes');
  expect(stdout).toContain('backfill 1 done: 3 delivered, 0 set aside');
  expect(code).toBe(0);
  expect(await team.received(elsewhere)).toEqual(['one', 'two', 'three']);
  expect((await team.received()).length).toBe(5);

  const refused = await team.command('backfill', '--from', String(from), '--sink-override', 'ELASTICSEARCH_API_KEY=x');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('give ELASTICSEARCH_API_KEY_FILE=/path/to/it');
});

it('moves a live group once its name confirms it, says what that skips and repeats, and keeps account of it', async () => {
  await using team = await RunningTeam.open();
  const ids = await team.add('zero', 'one', 'two');
  await team.start();
  await until(async () => (await team.received()).length === 3);

  const unconfirmed = await team.command('seek', '--to', 'beginning');
  expect(unconfirmed.code).toBe(2);
  expect(unconfirmed.stdout).toContain('3 entries that it has had would come again');
  expect(unconfirmed.stderr).toContain('give --confirm file_team');
  expect((await team.command('seek', '--to', 'beginning', '--confirm', 'other')).code).toBe(2);
  expect((await team.received()).length).toBe(3);

  const moved = await team.command('seek', '--to', String(ids[1]), '--confirm', 'file_team');
  expect(moved).toMatchObject({ code: 0, stderr: '' });
  expect(moved.stdout).toContain(
    '0 entries that it has not had would never come to it\n  2 entries that it has had would',
  );
  await until(async () => (await team.received()).length === 5);
  expect((await team.received()).slice(3)).toEqual(['one', 'two']);

  const { groups } = JSON.parse((await team.command('jobs', '--json')).stdout);
  expect(groups[0].audit).toMatchObject([
    { action: 'seek', by: expect.stringContaining('@'), details: { from: ids[2], skipped: 0, repeated: 2 } },
  ]);
});
