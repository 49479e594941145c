import { until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { start } from './distributary.ts';
import { OF_TEAM, RunningTeam } from './running-team.ts';

it('shows dead letters with their reasons, delivers them again through the team, and keeps what fails again', async () => {
  await using team = await RunningTeam.open();
  const running = await team.start();
  const [id] = await team.add('bad one', 'bad two', 'good');
  await until(async () => (await team.deadLetters()) === 2);

  const listed = await team.command('dead-letters', 'list');
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toMatch(/2 dead letters of file_team, .*\n.*\n +2 +rejected +a bad line\n/);
  expect(listed.stdout).toContain(id);

  const dry = await team.command('redrive');
  expect(dry).toMatchObject({ code: 0, stderr: 'Nothing was changed. To do it, give --yes.\n' });
  expect(dry.stdout).toContain('2 dead letters of file_team');
  expect(await team.deadLetters()).toBe(2);

  const failing = await team.command('redrive', '--yes', '--limit', '1');
  expect(failing).toMatchObject({ code: 1 });
  expect(failing.stdout).toContain('redrive 1 done: 0 delivered, 1 failed again');
  expect(failing.stderr).toMatch(/^redrive 1 (waiting|running): 0 of 1 delivered, 0 failed$/m);
  await team.mend();
  const mended = await team.command('redrive', '--yes', '--again', '--json');
  expect(mended.code).toBe(0);
  expect(JSON.parse(mended.stdout)).toMatchObject({ id: '2', state: 'done', progress: { delivered: 2, failed: 0 } });
  expect((await team.received()).sort()).toEqual(['bad one', 'bad two', 'good']);
  expect(running.log()).toContainEqual(expect.objectContaining({ msg: 'a job is done', job: '2', delivered: 2 }));

  const jobs = await team.command('jobs');
  expect(jobs.stdout).toMatch(/file_team +2 +redrive +done +2 +0 +2 +1,000\/s/);
  expect(jobs.stdout).toMatch(/file_team +1 +redrive +done +0 +1 +1 /);
});

it('says that nobody runs a job that waits, leaves it at Ctrl-C, and cancels it', async () => {
  await using team = await RunningTeam.open();
  const running = await team.start();
  await team.add('bad one');
  await until(async () => (await team.deadLetters()) === 1);
  await running.end();

  await using waiting = start(['redrive', '--yes', ...OF_TEAM], team.environment);
  await until(() => waiting.stderr().includes('no process of file_team is running: npx distributary run'));
  waiting.process.kill('SIGINT');
  expect((await waiting.ended).code).toBe(0);
  expect(waiting.stdout()).toContain('redrive 1 waiting');
  expect(waiting.stderr()).toContain('npx distributary jobs show 1 --group file_team --stream cli_stream');

  expect((await team.command('jobs', 'cancel', '1')).stdout).toContain('had not begun, and is removed');
  expect(await team.command('jobs', 'cancel', '1')).toMatchObject({ code: 1 });
  expect(await team.deadLetters()).toBe(1);
});

it('shows a dead letter whole and harmless, and drops what is selected, accounting for it', async () => {
  await using team = await RunningTeam.open();
  await team.start();
  await team.admin.call(
    'XADD',
    'cli_stream',
    '*',
    'note',
    Buffer.from([0xff, 0x00]),
    'line',
    'bad \u001b[31m"red"\u202e',
  );
  await team.add('bad two');
  await until(async () => (await team.deadLetters()) === 2);
  const { letters } = JSON.parse((await team.command('dead-letters', 'list', '--json')).stdout);
  const shown = await team.command('dead-letters', 'show', letters[0].id);
  expect(shown.stdout).toContain('verdict: rejected');
  expect(shown.stdout).toContain('"note" = base64 /wA=');
  expect(shown.stdout).toContain('"line" = "bad \\u001b[31m\\"red\\"\\u202e"');
  const json = JSON.parse((await team.command('dead-letters', 'show', letters[0].id, '--json')).stdout);
  expect(json.fields[0]).toEqual({ name: 'note', value: { base64: '/wA=' } });
  expect(await team.command('dead-letters', 'show', '1-1')).toMatchObject({ code: 1 });

  const unselected = await team.command('dead-letters', 'drop', '--yes');
  expect(unselected).toMatchObject({ code: 2 });
  expect(unselected.stderr).toContain('Say which dead letters of file_team to drop');
  expect(await team.command('dead-letters', 'drop', '--id', letters[1].id)).toMatchObject({ code: 0 });
  expect(await team.deadLetters()).toBe(2);
  const dropped = await team.command('dead-letters', 'drop', '--id', letters[1].id, '--yes');
  expect(dropped.stdout).toContain('1 dead letters dropped');
  expect(await team.deadLetters()).toBe(1);
  expect((await team.command('jobs')).stdout).toMatch(/file_team drop by \S+@\S+: {"letters":1,/);
});
