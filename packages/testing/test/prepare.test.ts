import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TemporaryFolder, temporaryFolder } from '@distributary/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const NO_INSTALL = { DISTRIBUTARY_NO_INSTALL: '1' };

/** A clone of the repository as far as preparing it goes, and a PATH of its own that holds nothing but Node and `npm`. */
describe('prepare.js', () => {
  let folder: TemporaryFolder;
  let clone: string;
  let bin: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    clone = join(folder.path, 'clone');
    bin = join(folder.path, 'bin');
    await mkdir(bin);
    for (const part of ['src', 'scripts', 'package.json']) {
      await cp(join(PACKAGE, part), join(clone, 'packages', 'testing', part), { recursive: true });
    }
    await writeFile(join(clone, 'package-lock.json'), '{}');
    await symlink(process.execPath, join(bin, 'node'));
    await command('npm', 'echo "npm $*"; mkdir -p node_modules; echo "{}" > node_modules/.package-lock.json');
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  /** A stand-in for a command that the machine has. */
  async function command(name: string, script: string): Promise<string> {
    const path = join(bin, name);
    await writeFile(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }

  function prepare(purpose: string, environment: NodeJS.ProcessEnv = NO_INSTALL) {
    const script = join(clone, 'packages', 'testing', 'scripts', 'prepare.js');
    return new Promise<{ code: unknown; output: string }>((resolve) => {
      execFile(process.execPath, [script, purpose], { env: { PATH: bin, ...environment } }, (error, stdout, stderr) =>
        resolve({ code: error ? error.code : 0, output: stdout + stderr }),
      );
    });
  }

  it('installs the dependencies of a fresh clone once, saying why', async () => {
    const first = await prepare('start');
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('the dependencies are not installed') });
    expect(first.output).toContain('npm ci --include=dev');
    expect((await prepare('start')).output).not.toContain('npm');
  });

  it('installs them again when the lock file has changed since', async () => {
    await prepare('start');
    const later = new Date(Date.now() + 60_000);
    await utimes(join(clone, 'package-lock.json'), later, later);
    expect((await prepare('test')).output).toContain('package-lock.json is newer than what is installed');
  });

  it('ends with what to do when the installation fails', async () => {
    await command('npm', 'echo "npm error network"; exit 7');
    const { code, output } = await prepare('start');
    expect(code).toBe(1);
    expect(output).toMatch(/npm error network\n.*npm ci failed \(exit code 7\).*Check the network/s);
  });

  it('falls back to the embedded Redis, says why, and what that means', async () => {
    const start = await prepare('start');
    expect(start).toMatchObject({ code: 0, output: expect.stringContaining('the embedded Redis: no server on PATH') });
    expect(start.output).toContain('serves a demo, not a load');
    expect((await prepare('test')).output).toContain('Tests that need a server of their own are skipped');
  });

  it('takes the Redis that it is given, that is named, or that is on PATH', async () => {
    expect((await prepare('start', { REDIS_URL: 'redis://elsewhere' })).output).toContain(
      'the server that REDIS_URL names',
    );
    expect((await prepare('start', { REDIS_SERVER_BIN: '/opt/redis' })).output).toContain(
      '/opt/redis, which REDIS_SERVER',
    );
    const server = await command('valkey-server', '');
    expect((await prepare('start')).output).toContain(`${server}, found on PATH`);
    expect((await prepare('start', { DISTRIBUTARY_REDIS: 'embedded' })).output).toContain(
      'DISTRIBUTARY_REDIS asks for it',
    );
  });

  it('takes Docker where it answers, and installs nothing then', async () => {
    await command('docker', 'exit 0');
    await command('apt-get', 'echo "apt-get $*"');
    const { output } = await prepare('start', {});
    expect(output).toContain('a container');
    expect(output).not.toContain('apt-get');
  });

  it('installs no system package when that is forbidden, or the embedded Redis asked for', async () => {
    await command('apt-get', 'echo "apt-get $*"');
    expect((await prepare('test')).output).not.toContain('apt-get -');
    expect((await prepare('test', { DISTRIBUTARY_REDIS: 'embedded' })).output).not.toContain('apt-get -');
  });

  it('installs redis-server as root on a Debian-family machine, and leaves no service running', async (context) => {
    if (!(await isDebianAsRoot())) context.skip('needs root on a Debian-family machine: sudo npm test');
    const log = join(folder.path, 'log');
    const server = join(bin, 'redis-server');
    for (const name of ['service', 'systemctl']) await command(name, `echo "${name} $*" >> ${log}`);
    await command('apt-get', `echo "apt-get $* $DEBIAN_FRONTEND" >> ${log}; touch ${server}; chmod +x ${server}`);
    const { output } = await prepare('test', {});
    expect(output).toMatch(/installing redis-server with apt-get\..*Redis: .*redis-server, found on PATH/s);
    const [update, install, stop] = (await readFile(log, 'utf8')).split('\n');
    expect(update).toMatch(/^apt-get .* update noninteractive$/);
    expect(install).toMatch(/ install -y --no-install-recommends redis-server noninteractive$/);
    expect(stop).toMatch(/^(service redis-server stop|systemctl disable --now redis-server)$/);
  });

  it('goes on without when the installation of redis-server fails', async (context) => {
    if (!(await isDebianAsRoot())) context.skip('needs root on a Debian-family machine: sudo npm test');
    await command('apt-get', 'echo "E: Unable to locate package" >&2; exit 100');
    const { code, output } = await prepare('test', {});
    expect(code).toBe(0);
    expect(output).toContain('apt-get could not install redis-server');
    expect(output).toContain('the embedded Redis');
  });

  it('says how it is called', async () => {
    expect(await prepare('begin')).toMatchObject({ code: 1, output: expect.stringContaining('prepare.js start|test') });
  });
});

async function isDebianAsRoot(): Promise<boolean> {
  const debian = await readFile('/etc/debian_version').catch(() => undefined);
  return process.getuid?.() === 0 && debian !== undefined;
}
