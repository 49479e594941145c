import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type StartedProcess, startProcess, type TemporaryFolder, temporaryFolder, until } from '@distributary/testing';
import { describe, expect, it, type TestContext } from 'vitest';
import { parse } from 'yaml';
import { COMMAND, ROOT, run } from './distributary.ts';

const FRAUD = ['fraud', '--stream', 'syslog_stream', '--group', 'fraud_team', '--owner', 'fraud@example.com'];
const ELASTICSEARCH = ['new', ...FRAUD, '--sink', 'elasticsearch'];
const SCRIPT = '/usr/bin/script';
const CREATE = join(ROOT, 'packages/create-distributary/bin/create-distributary.js');

/** What a checkout has that the command looks at. */
async function checkout(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  await writeFile(join(folder.path, 'package.json'), JSON.stringify({ workspaces: ['packages/*', 'consumers/*'] }));
  await mkdir(join(folder.path, 'packages/testing'), { recursive: true });
  await writeFile(join(folder.path, 'packages/testing/vitest.config.ts'), '');
  await cp(join(ROOT, 'docker-compose.yml'), join(folder.path, 'docker-compose.yml'));
  return folder;
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

function manifestIn(folder: string) {
  return readFile(join(folder, 'package.json'), 'utf8').then((text) => JSON.parse(text));
}

describe('distributary new', () => {
  it('writes a package that says what it consumes and whose it is, and what to run next', async () => {
    await using folder = await checkout();
    const { code, stdout } = await run(ELASTICSEARCH, { cwd: folder.path });
    expect(code).toBe(0);
    expect(await manifestIn(join(folder.path, 'consumers/fraud'))).toMatchObject({
      name: '@distributary/consumer-fraud',
      distributary: {
        stream: 'syslog_stream',
        group: 'fraud_team',
        owner: 'fraud@example.com',
        sink: 'elasticsearch',
        lagSlo: 60,
      },
    });
    for (const next of ['npm install', 'npm test -w consumers/fraud', 'npx distributary run consumers/fraud']) {
      expect(stdout).toContain(`\n  ${next}\n`);
    }
  });

  it('finds the checkout from a folder within', async () => {
    await using folder = await checkout();
    const { stdout } = await run([...ELASTICSEARCH, '--json'], { cwd: join(folder.path, 'packages/testing') });
    expect(JSON.parse(stdout)).toMatchObject({ folder: 'consumers/fraud', next: ['cd ../.. && npm install', {}, {}] });
    expect(await readdir(join(folder.path, 'consumers'))).toEqual(['fraud']);
  });

  it('adds a service, its volume, and the team to what the janitor asks; not a byte else of the compose file changes', async () => {
    await using folder = await checkout();
    const before = await readFile(join(folder.path, 'docker-compose.yml'), 'utf8');
    await run(['new', ...FRAUD, '--sink', 'custom'], { cwd: folder.path });
    const after = await readFile(join(folder.path, 'docker-compose.yml'), 'utf8');
    const { services, volumes } = parse(after);
    expect(services.fraud).toEqual({
      build: { context: '.', dockerfile: 'consumers/fraud/Dockerfile' },
      environment: { REDIS_URL: 'redis://redis:6379', FRAUD_FOLDER: '/data' },
      volumes: ['fraud:/data'],
      depends_on: { redis: { condition: 'service_healthy' } },
      restart: 'unless-stopped',
      stop_grace_period: '30s',
    });
    expect(volumes).toHaveProperty('fraud', null);
    expect(services.janitor.command).toEqual([
      'retain',
      'consumers/noc',
      'consumers/security',
      'consumers/fraud',
      '--every',
      '30s',
    ]);
    const service = after.slice(after.indexOf('  fraud:\n    build'), after.indexOf('volumes:\n  redis:'));
    const undone = after
      .replace(service, '')
      .replace(', consumers/fraud', '')
      .replace(/ {2}fraud:\n$/, '');
    expect(undone).toBe(before);
  });

  it.each([
    ['a list of lines', "\n      - retain\n      - consumers/noc\n      - '--every'\n      - 30s", ['--every', '30s']],
    ['quoted words', ' ["retain", "--every", "30s", "consumers/noc"]', []],
    ['one line', ' retain consumers/noc --every 30s', undefined],
  ])('adds the team to what the janitor asks where its command is %s', async (_, command, behind) => {
    await using folder = await checkout();
    const compose = join(folder.path, 'docker-compose.yml');
    const text = await readFile(compose, 'utf8');
    await writeFile(
      compose,
      text.replace(/ \[retain, .*\]/, () => command),
    );
    await run(['new', ...FRAUD, '--sink', 'custom'], { cwd: folder.path });
    const after = parse(await readFile(compose, 'utf8')).services.janitor.command;
    if (behind === undefined) expect(after).toBe('retain consumers/noc consumers/fraud --every 30s');
    else expect(after.slice(after.indexOf('consumers/noc'))).toEqual(['consumers/noc', 'consumers/fraud', ...behind]);
  });

  it.each(['elasticsearch', 'siem', 'custom'])(
    'leaves nothing of the sample that the template of %s is',
    async (sink) => {
      await using folder = await checkout();
      await run(['new', ...FRAUD, '--sink', sink], { cwd: folder.path });
      for (const file of await filesOf(join(folder.path, 'consumers'))) {
        expect(file).not.toMatch(/sample/i);
        expect(await readFile(file, 'utf8'), file).not.toMatch(/sample/i);
      }
    },
  );

  it('changes nothing with --dry-run, and names the files that it then writes', async () => {
    await using folder = await checkout();
    const before = await filesOf(folder.path);
    const { stdout } = await run([...ELASTICSEARCH, '--dry-run', '--json'], { cwd: folder.path });
    expect(await filesOf(folder.path)).toEqual(before);
    const planned = JSON.parse(stdout);
    expect(planned).toMatchObject({ dryRun: true, changed: ['docker-compose.yml'] });
    const { stdout: done } = await run([...ELASTICSEARCH, '--json'], { cwd: folder.path });
    expect(JSON.parse(done)).toEqual({ ...planned, dryRun: false });
    const written = (await filesOf(join(folder.path, 'consumers'))).map((file) => file.slice(folder.path.length + 1));
    expect(planned.written.toSorted()).toEqual(written);
  });

  it('names all that is missing at once, where there is no terminal', async () => {
    const { code, stderr, stdout } = await run(['new', '--stream', 'syslog_stream']);
    expect(stderr).toContain('Missing: a name, --group, --sink, --owner. Give each, such as: ');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each([
    { wrong: ['Fraud'], says: '"Fraud" cannot be the name of a team\'s package. Use 2 to 24 lower-case letters' },
    { wrong: ['../fraud'], says: "cannot be the name of a team's package" },
    { wrong: ['fraud--eu'], says: "cannot be the name of a team's package" },
    { wrong: ['null'], says: 'it means something else in its files. Use another' },
    { wrong: ['collector'], says: 'it means something else in its files. Use another' },
    { wrong: ['stream'], says: 'it means something else in its files. Use another' },
    { wrong: ['fraud', '--group', 'my group'], says: '"my group" cannot be the name of a group. Use 1 to 64 letters' },
    { wrong: ['fraud', '--stream', "a'b"], says: 'cannot be the name of a stream here. Use 1 to 200 letters' },
    { wrong: ['fraud', '--owner', 'the fraud team'], says: 'is no address. Write whom to ask as name@example.com' },
    { wrong: ['fraud', '--sink', 'kafka'], says: 'Allowed choices are elasticsearch, siem, custom' },
  ])('refuses $wrong before it asks for anything', async ({ wrong, says }) => {
    const { code, stderr } = await run(['new', ...wrong]);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
  });

  it('leaves a folder alone that is there already', async () => {
    await using folder = await checkout();
    await mkdir(join(folder.path, 'consumers/fraud'), { recursive: true });
    const { code, stderr } = await run(ELASTICSEARCH, { cwd: folder.path });
    expect(stderr).toContain('consumers/fraud is there already, and nothing was written. Use another name');
    expect(code).toBe(2);
    expect(await readdir(join(folder.path, 'consumers/fraud'))).toEqual([]);
  });

  it.each([
    { compose: 'services:\n  fraud:\n    image: fraud\n', says: 'has a service fraud already. Use another name' },
    { compose: 'services: [\n', says: 'docker-compose.yml cannot be read: ' },
    { compose: 'name: empty\n', says: 'docker-compose.yml has no services' },
    {
      compose: 'services:\n    a:\n        image: a\n',
      says: 'is not written as a block that is indented by two spaces',
    },
    { compose: 'services: { a: { image: a } }\n', says: 'is not written as a block that is indented by two spaces' },
    { compose: '', says: 'docker-compose.yml holds no mapping' },
  ])('writes nothing beside a compose file that cannot take the service: $says', async ({ compose, says }) => {
    await using folder = await checkout();
    await writeFile(join(folder.path, 'docker-compose.yml'), compose);
    const { code, stderr } = await run(ELASTICSEARCH, { cwd: folder.path });
    expect(stderr).toContain(says);
    expect(code).toBe(2);
    expect(await readdir(folder.path)).not.toContain('consumers');
  });

  it('makes a project of its own where there is no checkout, as npm create distributary does', async () => {
    await using folder = await temporaryFolder();
    await run(ELASTICSEARCH, { cwd: folder.path });
    await using other = await temporaryFolder();
    execFileSync(process.execPath, [CREATE, ...ELASTICSEARCH.slice(1)], { cwd: other.path });
    const [files, others] = await Promise.all([filesOf(folder.path), filesOf(other.path)]);
    expect(others.map((file) => file.slice(other.path.length))).toEqual(
      files.map((file) => file.slice(folder.path.length)),
    );
    expect(files.map((file) => file.slice(folder.path.length + 1))).toEqual(
      expect.arrayContaining(['fraud/.gitignore', 'fraud/docker-compose.yml', 'fraud/tsconfig.json']),
    );
    const readme = await readFile(join(folder.path, 'fraud/README.md'), 'utf8');
    expect(readme).toContain('npm start -- --replicas 2');
    expect(readme).not.toContain('consumers/');
  });

  it('asks for the versions that the workspace is tested with', async () => {
    const root = await manifestIn(ROOT);
    const core = await manifestIn(join(ROOT, 'packages/core'));
    const tested = { ...core.dependencies, ...root.devDependencies };
    await using folder = await temporaryFolder();
    await run(ELASTICSEARCH, { cwd: folder.path });
    const { dependencies, devDependencies } = await manifestIn(join(folder.path, 'fraud'));
    const asked = Object.entries({ ...dependencies, ...devDependencies });
    for (const [name, version] of asked) {
      expect(version, name).toBe(name.includes('distributary') ? core.version : tested[name]);
    }
  });

  it('asks at a terminal for what is missing, and again for what is wrong', async (context) => {
    await using folder = await checkout();
    await using session = atTerminal(context, ['new', '--stream', 'syslog_stream'], folder.path);
    const answer = async (question: string, keys: string) => {
      await until(() => session.stdout().includes(question), { describe: question });
      session.process.stdin?.write(keys);
    };
    await answer("The team's name", 'Fraud\r');
    await answer('cannot be the name of', `${BACKSPACE.repeat(5)}fraud\r`);
    await answer('Its consumer group', '\r');
    await answer('Where its entries go', `${DOWN}\r`);
    await answer('Whom to ask', 'fraud@example.com\r');
    expect(await session.ended).toMatchObject({ code: 0 });
    expect((await manifestIn(join(folder.path, 'consumers/fraud'))).distributary).toMatchObject({
      stream: 'syslog_stream',
      group: 'fraud_team',
      sink: 'siem',
      owner: 'fraud@example.com',
    });
  });

  it('writes nothing when the questions are cancelled, and says so by its exit code', async (context) => {
    await using folder = await checkout();
    await using session = atTerminal(context, ['new'], folder.path);
    await until(() => session.stdout().includes("The team's name"));
    session.process.stdin?.write(CONTROL_C);
    expect(await session.ended).toMatchObject({ code: 1 });
    expect(session.stdout()).toContain('Nothing was written.');
    expect(await readdir(folder.path)).not.toContain('consumers');
  });
});

const BACKSPACE = '\u007f';
const CONTROL_C = '\u0003';
const DOWN = '\u001b[B';

/** The command at a terminal of its own, whose keys are what is written on standard input. */
function atTerminal(context: TestContext, args: readonly string[], cwd: string): StartedProcess {
  if (!existsSync(SCRIPT)) context.skip('needs script of util-linux: apt-get install bsdutils');
  const command = `stty cols 100 rows 40; '${process.execPath}' '${COMMAND}' ${args.join(' ')}`;
  return startProcess(SCRIPT, ['--quiet', '--return', '--command', command, '/dev/null'], { cwd });
}
