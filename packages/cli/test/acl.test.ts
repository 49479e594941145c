import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupKey, RedisConnection, Secret, streamKey } from '@distributary/core';
import { jobPermissions } from '@distributary/replay';
import { describeWithRedisProcess, type RedisFixture, startRedis, temporaryFolder, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { type AccessUser, accessUsers, teamCommands, teamUser } from '../src/access-rules.ts';
import { accessWords, dialectOf } from '../src/access-text.ts';
import type { Team } from '../src/team.ts';
import { ROOT, run, start } from './distributary.ts';
import { teamPackage } from './team-package.ts';

const STREAM = 'cli_stream';
const GROUP = 'file_team';
const USERS = ['shipper', 'team', 'monitor', 'janitor'];
const PASSWORDS = Object.fromEntries(
  USERS.map((user) => [`DISTRIBUTARY_ACL_${user.toUpperCase()}_PASSWORD`, `password-of-${user}`]),
);
const NOC = { name: 'noc', stream: 'syslog_stream', group: 'noc_team' } as Team;

/** The words of a rule, each selector's as one; what an ACL means does not depend on their order. */
function meaningOf(words: readonly string[]): string[] {
  const joined = words.join(' ');
  const selectors = [...joined.matchAll(/\([^)]*\)/g)].map(([selector]) =>
    selector.slice(1, -1).split(' ').sort().join(' '),
  );
  const root = joined.replace(/\([^)]*\)/g, '').split(/\s+/);
  return [...root.filter((word) => /^[~+%]/.test(word)), ...selectors].sort();
}

describe('the ACL rules in the documents', () => {
  it.each([
    ['packages/core/README.md', 'noc'],
    ['packages/core/README.md', 'janitor'],
    ['packages/shipper/README.md', 'shipper'],
  ])('are what distributary acl prints: %s, %s', async (file, name) => {
    const text = await readFile(join(ROOT, file), 'utf8');
    const [, rule = ''] = new RegExp(`ACL SETUSER ${name} ([^\`]*)\`\`\``).exec(text) ?? [];
    const user = accessUsers([NOC]).find((candidate) => candidate.name === name);
    if (!user) throw new Error(`no user ${name}`);
    expect(meaningOf(rule.trim().split(/\s+/))).toEqual(meaningOf(accessWords(user, undefined, dialectOf('7.0'))));
  });
});

describe('distributary acl', () => {
  it('knows what each version of Redis understands', () => {
    const words = (version: string) => accessWords(teamUser(NOC), undefined, dialectOf(version)).join(' ');
    expect(words('6.2')).not.toMatch(/[()]/);
    expect(words('6.2')).toContain('~distributary:{syslog_stream}:noc_team:*');
    expect(words('7.0')).toContain('(~distributary:{syslog_stream}:noc_team:* +exists +xadd');
    expect(words('7.0')).not.toContain('setinfo');
    expect(words('7.2')).toContain('+client|setinfo');
    expect(words('8.0')).toContain('+client|setinfo');
    const monitor = accessUsers([NOC]).find(({ name }) => name === 'monitor') as AccessUser;
    const monitorWords = (version: string) => accessWords(monitor, undefined, dialectOf(version)).join(' ');
    expect(monitorWords('7.0')).toContain('(~distributary:{syslog_stream}:history +xrange)');
    expect(monitorWords('6.2')).not.toContain('+xrange');
  });

  it('adds what jobs need when asked to, where Redis can restrict it to the keys of the group', async () => {
    const { stdout } = await run(['acl', 'consumers/noc', '--jobs'], { cwd: ROOT });
    const [printed = ''] = stdout.split('\n').filter((line) => line.startsWith('ACL SETUSER noc '));
    const jobs = jobPermissions(NOC).match(/\([^)]*\)/g) ?? [];
    expect(jobs).toHaveLength(2);
    for (const rule of jobs) expect(printed).toContain(rule);
    const { stdout: without } = await run(['acl', 'consumers/noc'], { cwd: ROOT });
    for (const rule of jobs) expect(without).not.toContain(rule);
    const old = await run(['acl', 'consumers/noc', '--jobs', '--redis-version', '6.2'], { cwd: ROOT });
    expect(old.code).toBe(2);
    expect(old.stderr).toContain('leave --jobs out');
  });

  it('keeps a name from being a pattern', () => {
    const words = accessWords(teamUser({ ...NOC, stream: 'logs[a]*' }), undefined, dialectOf('7.0'));
    expect(words).toContain('~logs\\[a\\]\\*');
    expect(() => teamUser({ ...NOC, stream: 'two words' })).toThrow(/has a space in its name/);
  });

  it('prints a hash of each password, never the password, and a placeholder that no server takes', async () => {
    const { code, stdout, stderr } = await run(['acl', 'consumers/noc', '--format', 'aclfile'], {
      environment: { DISTRIBUTARY_ACL_NOC_PASSWORD: 'password-of-noc' },
    });
    expect(code).toBe(0);
    expect(stdout).not.toContain('password-of-noc');
    expect(stdout).toMatch(/^user noc reset on #[0-9a-f]{64} -@all /m);
    expect(stdout).toMatch(/^user shipper reset on #<sha256-of-the-password-of-shipper> /m);
    expect(stdout).toMatch(/^user default off$/m);
    expect(stderr).toContain('DISTRIBUTARY_ACL_SHIPPER_PASSWORD');
  });
});

/** A server with the printed users, and a connection that may do everything. */
class Guarded implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly admin: RedisConnection;
  readonly redis: RedisFixture;
  readonly folder: string;
  readonly team: string;

  private constructor(redis: RedisFixture, folder: string, team: string) {
    this.redis = redis;
    this.folder = folder;
    this.team = team;
    this.admin = new RedisConnection({ url: redis.url }, 'test');
  }

  static async start(): Promise<Guarded> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis({ requireProcess: true }));
    const folder = stack.use(await temporaryFolder());
    const team = await teamPackage(folder.path, 'team', { stream: STREAM, group: GROUP });
    const guarded = new Guarded(redis, folder.path, team);
    guarded.#stack.use(stack.move());
    guarded.#stack.defer(() => guarded.admin.close());
    const dialect = dialectOf(await guarded.#version());
    for (const user of accessUsers([{ ...NOC, name: 'team', stream: STREAM, group: GROUP }])) {
      const words = accessWords(user, new Secret(`password-of-${user.name}`), dialect);
      await guarded.admin.call('ACL', 'SETUSER', user.name, ...words);
    }
    return guarded;
  }

  environment(user: string): Record<string, string> {
    return { REDIS_URL: this.redis.url, REDIS_USERNAME: user, REDIS_PASSWORD: `password-of-${user}` };
  }

  /** What the server says of a user's command: `OK`, or why not. */
  async may(user: string, ...command: string[]): Promise<string> {
    return String(await this.admin.call('ACL', 'DRYRUN', user, ...command));
  }

  /** What the server's ACL log says was refused. */
  async denied(): Promise<string[]> {
    const log = (await this.admin.call('ACL', 'LOG')) as unknown[][];
    return log.map((entry) => String(entry[entry.findIndex((part) => String(part) === 'object') + 1]));
  }

  async #version(): Promise<string> {
    const info = String(await this.admin.call('INFO', 'server'));
    return /redis_version:(\d+\.\d+)/.exec(info)?.[1] ?? '7.0';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

describeWithRedisProcess('the users that distributary acl prints', () => {
  it('are all that shipper, consumer, status and retain need', async () => {
    await using guarded = await Guarded.start();
    const file = join(guarded.folder, 'lines');
    const shipped = await run(['ship', '--stdin', '--stream', STREAM, '--wal', join(guarded.folder, 'wal')], {
      environment: guarded.environment('shipper'),
      input: 'one\ntwo\n',
    });
    expect(shipped.code).toBe(0);
    await guarded.admin.call('XADD', STREAM, '*', 'other', 'no line: a dead letter');
    await using running = start(['run', guarded.team, '--metrics-port', '0'], {
      ...guarded.environment('team'),
      FILE_TEAM_OUTPUT: file,
    });
    await until(async () => (await readFile(file, 'utf8').catch(() => '')) === 'one\ntwo\n');
    const letters = groupKey(STREAM, GROUP, 'dead-letters');
    await until(async () => Number(await guarded.admin.call('XLEN', letters)) === 1);
    await until(async () => String(await guarded.admin.call('XPENDING', STREAM, GROUP)).startsWith('0,'));
    expect(running.log().filter(({ level }) => level === 'warn' || level === 'error')).toMatchObject([
      { msg: 'an entry became a dead letter' },
    ]);
    const status = await run(['status', guarded.team], { environment: guarded.environment('monitor') });
    expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining(`${STREAM}: 3 entries`) });
    const retained = await run(['retain', guarded.team], { environment: guarded.environment('janitor') });
    expect(retained).toMatchObject({ code: 0, stdout: expect.stringContaining('3 entries trimmed, 0 left') });
    await using janitor = start(['retain', guarded.team, '--every', '1s'], guarded.environment('janitor'));
    await until(() => (janitor.stdout().match(/0 entries trimmed, 0 left/g)?.length ?? 0) >= 3);
    expect(janitor.stderr()).toBe('');
    janitor.process.kill('SIGTERM');
    expect(await janitor.ended).toMatchObject({ code: 0 });
    const past = await run(['status', guarded.team, '--since', '1h'], { environment: guarded.environment('monitor') });
    expect(past).toMatchObject({ code: 0, stdout: expect.stringContaining(`${STREAM}: 1 snapshot since`) });
    expect((await guarded.denied()).filter((command) => !command.startsWith('config'))).toEqual([]);
  });

  it('may nothing else', async () => {
    await using guarded = await Guarded.start();
    const letters = groupKey(STREAM, GROUP, 'dead-letters');
    for (const command of teamCommands({ stream: STREAM, group: GROUP })) {
      expect(await guarded.may('team', ...command), command.join(' ')).toBe('OK');
    }
    const forbidden: Record<string, string[][]> = {
      team: [
        ['XADD', STREAM, '*', 'line', 'forged'],
        ['XTRIM', STREAM, 'MAXLEN', '0'],
        ['XDEL', STREAM, '1-1'],
        ['DEL', STREAM],
        ['XGROUP', 'DESTROY', STREAM, GROUP],
        ['XRANGE', letters, '-', '+'],
        ['XADD', groupKey(STREAM, 'other_team', 'dead-letters'), '*', 'a', 'b'],
        ['EVAL', 'return 1', '0'],
      ],
      shipper: [
        ['XREADGROUP', 'GROUP', GROUP, 'a', 'STREAMS', STREAM, '>'],
        ['XRANGE', STREAM, '-', '+'],
        ['SET', STREAM, 'x'],
        ['XTRIM', STREAM, 'MAXLEN', '0'],
        ['DEL', STREAM],
      ],
      monitor: [
        ['XRANGE', STREAM, '-', '+'],
        ['XREADGROUP', 'GROUP', GROUP, 'a', 'STREAMS', STREAM, '>'],
        ['XADD', STREAM, '*', 'a', 'b'],
        ['XRANGE', letters, '-', '+'],
        ['XADD', streamKey(STREAM, 'history'), '*', 'a', 'b'],
        ['CONFIG', 'GET', 'requirepass'],
      ],
      janitor: [
        ['XADD', STREAM, '*', 'a', 'b'],
        ['DEL', STREAM],
        ['XACK', STREAM, GROUP, '1-1'],
        ['XREADGROUP', 'GROUP', GROUP, 'a', 'STREAMS', STREAM, '>'],
        ['XGROUP', 'DESTROY', STREAM, GROUP],
        ['XADD', 'elsewhere', '*', 'a', 'b'],
      ],
    };
    for (const [user, commands] of Object.entries(forbidden)) {
      for (const command of [
        ...commands,
        ['FLUSHALL'],
        ['CONFIG', 'SET', 'save', ''],
        ['ACL', 'LIST'],
        ['KEYS', '*'],
      ]) {
        expect(await guarded.may(user, ...command), `${user}: ${command.join(' ')}`).toMatch(
          /no permissions|has no perm/,
        );
      }
    }
  });

  it('are loaded from an aclfile as well', async () => {
    await using folder = await temporaryFolder();
    const team = await teamPackage(folder.path, 'team', { stream: STREAM, group: GROUP });
    const { stdout } = await run(['acl', team, '--format', 'aclfile'], { environment: PASSWORDS });
    const file = join(folder.path, 'users.acl');
    await writeFile(file, stdout.replace('user default off', 'user default on nopass ~* &* +@all'));
    await using redis = await startRedis({ args: ['--aclfile', file] });
    const admin = new RedisConnection({ url: redis.url }, 'test');
    const users = ((await admin.call('ACL', 'USERS')) as Buffer[]).map(String);
    expect(users.sort()).toEqual([...USERS, 'default'].sort());
    admin.close();
  });
});
