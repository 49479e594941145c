import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TemporaryFolder, temporaryFolder } from '@distributary/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const VITEST = dirname(fileURLToPath(import.meta.resolve('vitest/package.json')));

const SUITE = `
import { beforeAll, describe, it } from 'vitest';
it('runs', () => {});
it('looks for Redis', (context) => context.skip('needs a Redis server process: apt-get install redis-server'));
describe.skip('with Redis (needs a Redis server process: apt-get install redis-server)', () => {
  it('recovers', () => {});
  it('restarts', () => {});
});
it.skip('was given up', () => {});
describe('with a hook that fails', () => {
  beforeAll(() => { throw new Error('no'); });
  it('is a failure, no skipped test', () => {});
});
`;

describe('the report on skipped tests', () => {
  let folder: TemporaryFolder;
  let workspace: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    workspace = join(folder.path, 'packages', 'one');
    await mkdir(workspace, { recursive: true });
    await mkdir(join(folder.path, 'node_modules'));
    await symlink(VITEST, join(folder.path, 'node_modules', 'vitest'));
    for (const part of ['scripts', 'package.json', 'vitest.config.ts']) {
      await cp(join(PACKAGE, part), join(folder.path, 'packages', 'testing', part), { recursive: true });
    }
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const run = (...args: string[]) =>
    new Promise<string>((resolve) => {
      execFile(process.execPath, args, { cwd: workspace }, (_, stdout) => resolve(stdout));
    });
  const report = () => run('../testing/scripts/skipped.js');
  const test = async (suite: string, ...args: string[]) => {
    await writeFile(join(workspace, 'one.test.ts'), suite);
    return run(join(VITEST, 'vitest.mjs'), 'run', '--config', '../testing/vitest.config.ts', '--root', '.', ...args);
  };

  it('names every test under what it needs and what enables it, after the run and for all workspaces', async () => {
    const expected = [
      '4 tests were skipped:',
      '',
      '  needs a Redis server process (3)',
      '  to run: apt-get install redis-server',
      '    packages/one > looks for Redis',
      '    packages/one > with Redis > recovers',
      '    packages/one > with Redis > restarts',
      '',
      '  for a reason that the test does not say (1)',
      '    packages/one > was given up',
      '',
    ].join('\n');
    expect(await test(SUITE)).toContain(expected);
    expect(await report()).toBe(expected);
  });

  it('forgets what was skipped in the run before, and leaves out what was not asked to run', async () => {
    await test(SUITE);
    await test(SUITE, '--testNamePattern', 'runs');
    expect(await report()).toContain('4 tests were skipped');
    await test("import { it } from 'vitest'; it('runs', () => {});");
    expect(await report()).toBe('No test was skipped.\n');
  });
});
