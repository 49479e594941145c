import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithRedisProcess, startProcess, temporaryFolder, until } from '@distributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { House, STREAM } from './house.ts';
import { copyInstalledModules } from './installed-modules.ts';
import { WorkspaceCopy } from './mutants/workspace-copy.ts';

const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund'];

/** One of each kind, with names that are not the same word in a class, a variable and an index. */
const TEAMS = [
  { name: 'fraud', sink: 'elasticsearch' },
  { name: 'my_team', sink: 'siem' },
  { name: 'audit-2', sink: 'custom' },
] as const;

/** Runs a command to its end, with nothing of this test's environment. @throws Error with its output unless it exits with 0 */
async function execute(command: string, args: readonly string[], cwd: string): Promise<string> {
  await using started = startProcess(command, args, { cwd });
  const { code } = await started.ended;
  if (code === 0) return started.stdout();
  throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${started.stdout()}\n${started.stderr()}`);
}

function optionsOf({ name, sink }: { name: string; sink: string }): string[] {
  const group = `${name}_group`;
  return [name, '--sink', sink, '--stream', STREAM, '--group', group, '--owner', `${name}@example.com`];
}

async function linesInFiles(folder: string): Promise<string[]> {
  const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')));
  const entries = texts.flatMap((text) => text.split('\n').slice(0, -1)).map((line) => JSON.parse(line));
  return entries.map(({ document }) => document.event.original);
}

describeWithRedisProcess('a scaffolded team', () => {
  let copy: WorkspaceCopy;
  const inCopy = (path: string) => join(copy.path, path);
  const distributary = () => inCopy('packages/cli/bin/distributary.js');
  const scaffold = (team: { name: string; sink: string }) =>
    execute(process.execPath, [distributary(), 'new', ...optionsOf(team)], copy.path);
  const everyTeam = TEAMS.flatMap(({ name }) => ['-w', `consumers/${name}`]);

  beforeAll(async () => {
    copy = await WorkspaceCopy.make({ modules: 'own' });
    for (const team of TEAMS) await scaffold(team);
    await execute('npm', INSTALL, copy.path);
  });

  afterAll(() => copy[Symbol.asyncDispose]());

  it.each(['typecheck', 'build', 'lint', 'test'])('of each kind passes npm run %s', async (script) => {
    await execute('npm', ['run', script, ...everyTeam], copy.path);
  });

  it('of each kind sees entries arrive', async () => {
    await using house = await House.open();
    await using folder = await temporaryFolder();
    const folders = TEAMS.map(({ name }) => `consumers/${name}`);
    const environment = { ...house.environment, AUDIT_2_FOLDER: folder.path };
    await using running = startProcess(process.execPath, [distributary(), 'run', ...folders], {
      cwd: copy.path,
      environment,
    });
    await house.add(['one', 'two', 'three']);
    const arrived = {
      fraud: async () => (await house.elasticsearch.stored('fraud-lines-*')).map(({ document }) => document['event']),
      my_team: async () => (await house.collector.stored()).map(({ document }) => document['event']),
      'audit-2': () => linesInFiles(folder.path),
    };
    for (const [name, look] of Object.entries(arrived)) {
      await until(async () => (await look()).length === 3, { describe: `three entries of ${name}` });
    }
    expect((await linesInFiles(folder.path)).sort()).toEqual(['one', 'three', 'two']);
    expect(await running.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('is formatted whatever the length of its name', async () => {
    const names = ['a', 'a-name-of-23-characters'];
    for (const { sink } of TEAMS) {
      for (const name of names) await scaffold({ name: `${name}${sink.charAt(0)}`, sink });
    }
    await execute(inCopy('node_modules/.bin/biome'), ['check', '--error-on-warnings', 'consumers'], copy.path);
  });

  it('alone, made by what is published, installs, passes its tests, and sees entries arrive', async () => {
    await using house = await House.open();
    await using site = await temporaryFolder();
    await using output = await temporaryFolder();
    await installPublished(copy.path, site.path);
    const create = join(site.path, 'node_modules/create-distributary/bin/create-distributary.js');
    await execute(process.execPath, [create, ...optionsOf({ name: 'solo', sink: 'custom' })], site.path);
    const project = join(site.path, 'solo');
    await rename(join(site.path, 'node_modules'), join(project, 'node_modules'));
    await execute('npm', [...INSTALL, '--offline'], project);
    await execute('npm', ['run', 'typecheck'], project);
    await execute('npm', ['test'], project);
    const environment = { ...house.environment, SOLO_FOLDER: output.path };
    await using running = startProcess('npm', ['start'], { cwd: project, environment });
    await house.add(['alone']);
    await until(async () => (await linesInFiles(output.path)).includes('alone'));
    expect(await running.end('SIGTERM')).toMatchObject({ code: 0 });
  });
});

/** Gives a folder what `npm install` of the published packages would: packed, and nothing of them linked. */
async function installPublished(workspace: string, folder: string): Promise<void> {
  const names = await readdir(join(workspace, 'packages'));
  const built = names.filter((name) => name !== 'create-distributary').map((name) => `packages/${name}`);
  await execute(join(workspace, 'node_modules/.bin/tsc'), ['-b', ...built], workspace);
  const all = names.flatMap((name) => ['-w', `packages/${name}`]);
  await execute('npm', ['pack', '--pack-destination', folder, ...all], workspace);
  await copyInstalledModules(folder);
  for (const directory of names) {
    const manifest = JSON.parse(await readFile(join(workspace, 'packages', directory, 'package.json'), 'utf8'));
    const { name, version } = manifest as { name: string; version: string };
    const tarball = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    const target = join(folder, 'node_modules', name);
    await rm(target, { recursive: true });
    await mkdir(target);
    await execute('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'], folder);
  }
}
