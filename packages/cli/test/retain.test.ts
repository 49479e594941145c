import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisConnection, streamKey } from '@distributary/core';
import { describeWithRedisProcess, freePort, startRedis, temporaryFolder, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { FILE_TEAM, run, start } from './distributary.ts';

const STREAM = 'retained';

/** Packages of two teams, one of which sheds, and the stream that they read. */
class Fixture implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly admin: RedisConnection;
  readonly environment: Record<string, string>;
  readonly noc: string;
  readonly slow: string;
  readonly #folder: string;

  private constructor(stack: AsyncDisposableStack, admin: RedisConnection, url: string, folder: string) {
    this.#stack = stack;
    this.admin = admin;
    this.environment = { REDIS_URL: url };
    this.#folder = folder;
    this.noc = join(folder, 'noc');
    this.slow = join(folder, 'slow');
  }

  static async start(): Promise<Fixture> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis({ requireProcess: true }));
    const folder = stack.use(await temporaryFolder());
    const admin = new RedisConnection({ url: redis.url }, 'test');
    stack.defer(() => admin.close());
    const fixture = new Fixture(stack.move(), admin, redis.url, folder.path);
    await fixture.package('noc', { group: 'noc_team' });
    await fixture.package('slow', { group: 'slow_team', retention: { shed: { maxEntries: 40 } } });
    return fixture;
  }

  /** @returns the package's folder */
  async package(name: string, distributary: object): Promise<string> {
    const folder = join(this.#folder, name);
    await mkdir(folder, { recursive: true });
    const manifest = { exports: './index.js', distributary: { stream: STREAM, ...distributary } };
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    return folder;
  }

  async add(count: number): Promise<void> {
    const script = "for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'line', i) end";
    await this.admin.call('EVAL', script, 1, STREAM, count);
  }

  async create(...groups: string[]): Promise<void> {
    for (const group of groups) await this.admin.call('XGROUP', 'CREATE', STREAM, group, '0', 'MKSTREAM');
  }

  /** Reads and acknowledges. */
  async consume(group: string, count: number): Promise<void> {
    const reply = await this.admin.call('XREADGROUP', 'GROUP', group, 'c', 'COUNT', count, 'STREAMS', STREAM, '>');
    const [[, entries]] = reply as [[Buffer, [Buffer, unknown][]]];
    await this.admin.call('XACK', STREAM, group, ...entries.map(([id]) => id));
  }

  length(): Promise<unknown> {
    return this.admin.call('XLEN', STREAM);
  }

  retain(...args: string[]) {
    return run(['retain', ...args], { environment: this.environment });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function linesOf(stdout: string): { readonly at: string }[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

describeWithRedisProcess('distributary retain', () => {
  it('trims what every team has had, sheds within the bound, and says for whom the rest is kept', async () => {
    await using fixture = await Fixture.start();
    await fixture.add(100);
    await fixture.create('noc_team', 'slow_team');
    await fixture.consume('noc_team', 90);
    await fixture.consume('slow_team', 10);

    const dry = await fixture.retain(fixture.noc, fixture.slow, '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toContain('retained: 60 entries would be trimmed, 100 left now');
    expect(dry.stdout).toContain('of these slow_team would lose 50 unread and 0 pending ones');
    expect(await fixture.length()).toBe(100);

    const { code, stdout } = await fixture.retain(fixture.noc, fixture.slow);
    expect(code).toBe(0);
    expect(stdout).toContain('retained: 60 entries trimmed, 40 left');
    expect(stdout).toContain('of these slow_team has lost 50 unread and 0 pending ones');
    expect(stdout).toContain('the oldest that stays is needed by slow_team');
    expect(stdout).toMatch(/noc_team +protect +10 +0 +- +0 +0 +0$/m);
    expect(stdout).toMatch(/slow_team +shed beyond 40 entries +40 +0 +- +50 +50 +0$/m);
    expect(await fixture.length()).toBe(40);
  });

  it('removes the names of consumers that hold nothing and were not heard of for long', async () => {
    await using fixture = await Fixture.start();
    await fixture.add(3);
    await fixture.create('noc_team');
    await fixture.consume('noc_team', 3);
    const names = () => fixture.admin.call('XINFO', 'CONSUMERS', STREAM, 'noc_team') as Promise<unknown[][]>;
    await until(async () => Number((await names())[0]?.[5]) > 1_000);
    const { stdout } = await fixture.retain(fixture.noc, '--forget-after', '1s');
    expect(stdout).toContain('1 name of consumers that hold nothing and were not heard of removed');
    expect(await names()).toEqual([]);
  });

  it('shows in JSON what was shed for whom, and what is lost although somebody else trimmed', async () => {
    await using fixture = await Fixture.start();
    await fixture.add(100);
    await fixture.create('noc_team', 'slow_team', 'somebody');
    for (const group of ['noc_team', 'slow_team', 'somebody']) await fixture.consume(group, 10);
    await fixture.consume('noc_team', 90);
    await fixture.consume('somebody', 90);
    await fixture.retain(fixture.noc, fixture.slow);
    await fixture.admin.call('XTRIM', STREAM, 'MAXLEN', 33);
    const { stdout } = await fixture.retain(fixture.noc, fixture.slow, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      streams: [
        {
          stream: STREAM,
          outcome: 'done',
          dryRun: false,
          trimmed: 0,
          length: 33,
          undeclared: ['somebody'],
          neededBy: ['slow_team'],
          groups: [
            { group: 'noc_team', declared: true, retention: 'protect', lost: 0, account: { unread: 0, ranges: [] } },
            { group: 'slow_team', lost: 57, account: { unread: 50, pending: 0, ranges: [{ unread: 50 }] } },
            { group: 'somebody', declared: false, retention: 'protect' },
          ],
        },
      ],
    });
  });

  it('shows what was shed as lost when Redis has forgotten it', async () => {
    await using fixture = await Fixture.start();
    await fixture.add(100);
    await fixture.create('slow_team');
    await fixture.consume('slow_team', 10);
    await fixture.retain(fixture.slow);
    await fixture.admin.call('XGROUP', 'SETID', STREAM, 'slow_team', '$');
    const { stdout } = await fixture.retain(fixture.slow, '--json');
    expect(JSON.parse(stdout).streams[0].groups).toMatchObject([
      { group: 'slow_team', lost: 50, account: { unread: 50 } },
    ]);
  });

  it('ends with 1 when a declared group is missing, names it, and trims nothing', async () => {
    await using fixture = await Fixture.start();
    await fixture.add(100);
    await fixture.create('noc_team');
    await fixture.consume('noc_team', 100);
    const { code, stdout } = await fixture.retain(fixture.noc, fixture.slow);
    expect(code).toBe(1);
    expect(stdout).toContain('retained: refused, for slow_team is declared and not there');
    expect(await fixture.length()).toBe(100);
  });

  it('names groups that nobody declared, and keeps what they need', async () => {
    await using fixture = await Fixture.start();
    await fixture.add(10);
    await fixture.create('noc_team', 'forgotten');
    await fixture.consume('noc_team', 10);
    const { code, stdout } = await fixture.retain(fixture.noc);
    expect(code).toBe(0);
    expect(stdout).toContain('not declared, and protected: forgotten');
    expect(stdout).toContain('redis-cli XGROUP DESTROY retained forgotten');
    expect(await fixture.length()).toBe(10);
  });

  it('as a service passes until SIGTERM, once in a while however many services there are, and leaves the rest to the others', async () => {
    await using fixture = await Fixture.start();
    await fixture.add(10);
    await fixture.create('noc_team');
    await fixture.consume('noc_team', 10);
    const service = () => start(['retain', fixture.noc, '--every', '1s', '--json'], fixture.environment);
    await using one = service();
    await using other = service();
    const passes = () => [one, other].flatMap((process) => linesOf(process.stdout()));
    await until(async () => (await fixture.length()) === 0);
    await until(() => passes().length >= 4);
    const times = passes()
      .map(({ at }) => Date.parse(at))
      .sort((a, b) => a - b);
    const seconds = ((times.at(-1) as number) - (times[0] as number)) / 1_000;
    expect(times.length).toBeLessThanOrEqual(seconds + 3);
    await fixture.add(5);
    await fixture.consume('noc_team', 5);
    await until(async () => (await fixture.length()) === 0);
    one.process.kill('SIGTERM');
    expect(await one.ended).toMatchObject({ code: 0 });
    const before = linesOf(other.stdout()).length;
    await until(() => linesOf(other.stdout()).length > before + 1);
    other.process.kill('SIGTERM');
    expect(await other.ended).toMatchObject({ code: 0 });
    expect((await fixture.retain(fixture.noc)).stdout).toContain('retained: 0 entries trimmed, 0 left');
    expect([one.stderr(), other.stderr()]).toEqual(['', '']);
  });

  it('as a service goes on while Redis is out of memory and its schedule deleted, and says so once', async () => {
    await using fixture = await Fixture.start();
    await fixture.add(100);
    await fixture.create('noc_team');
    await using service = start(['retain', fixture.noc, '--every', '1s'], fixture.environment);
    await until(() => service.stdout().includes('retained: 0 entries trimmed, 100 left'));
    await fixture.admin.call('CONFIG', 'SET', 'maxmemory', 1);
    const keys = (await fixture.admin.call('KEYS', `${streamKey(STREAM, 'maintenance')}:*`)) as Buffer[];
    await fixture.admin.call('DEL', ...keys);
    await fixture.admin.call('XGROUP', 'SETID', STREAM, 'noc_team', '$');
    await until(async () => (await fixture.length()) === 0);
    await until(() => service.stderr().includes('Until that mends, each janitor passes by itself.'));
    const passes = () => service.stdout().match(/trimmed, 0 left/g)?.length ?? 0;
    const before = passes();
    await until(() => passes() > before + 1);
    await fixture.admin.call('CONFIG', 'SET', 'maxmemory', 0);
    await until(async () => (await fixture.admin.call('EXISTS', ...keys)) !== 0);
    service.process.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0 });
    expect(service.stderr().match(/The schedule of passes over retained: .*OOM/g)).toHaveLength(1);
  });

  it('leaves a stream alone while another janitor is at it, and says where that runs', async () => {
    await using fixture = await Fixture.start();
    await fixture.add(10);
    await fixture.create('noc_team');
    await fixture.consume('noc_team', 10);
    await fixture.admin.call('SET', streamKey(STREAM, 'janitor'), 'elsewhere process 7 token');
    const { code, stdout } = await fixture.retain(fixture.noc);
    expect(stdout).toContain('retained: left alone, another janitor is at it (elsewhere process 7)');
    expect(code).toBe(0);
    expect(await fixture.length()).toBe(10);
  });

  it('as a service outlives an outage of Redis', async () => {
    await using redis = await startRedis({ persistent: true });
    const admin = new RedisConnection({ url: redis.url }, 'test');
    await admin.call('XGROUP', 'CREATE', 'cli_stream', 'file_team', '0', 'MKSTREAM');
    await using service = start(['retain', FILE_TEAM, '--every', '1s'], { REDIS_URL: redis.url });
    await until(() => service.stdout().includes('cli_stream: 0 entries trimmed, 0 left'));
    await redis.kill();
    await until(() => service.stderr().includes('Start Redis there'));
    await redis.restart();
    await admin.call('XADD', 'cli_stream', '*', 'line', 'x');
    await admin.call('XGROUP', 'SETID', 'cli_stream', 'file_team', '$');
    admin.close();
    await until(() => service.stdout().includes('cli_stream: 1 entries trimmed, 0 left'));
    await redis.kill();
    const told = service.stderr().length;
    await until(() => service.stderr().length > told);
    service.process.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0 });
  });

  it('tells how far it has come where there is much to trim', async () => {
    await using fixture = await Fixture.start();
    await fixture.create('noc_team');
    await fixture.add(150_000);
    await fixture.admin.call('XGROUP', 'SETID', STREAM, 'noc_team', '$');
    const { stdout, stderr } = await fixture.retain(fixture.noc, '--keep', '30');
    expect(stderr).toBe('retained: 100,000 entries trimmed so far\n');
    expect(stdout).toContain('retained: 149,970 entries trimmed, 30 left');
  });

  it('refuses wrong packages and arguments with 2, and says what is right', async () => {
    await using fixture = await Fixture.start();
    const wrong = await fixture.package('wrong', { group: 'g', retention: { shed: { maxEntries: 0 } } });
    const refused = await fixture.retain(wrong);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/wrong\/package.json: .*"protect" or \{ "shed": .*shed.maxEntries must be >= 1/);
    for (const [policy, said] of [
      ['forever', /must be object/],
      [{ shed: {} }, /fewer than 1/],
      [{ shed: { entries: 5 } }, /there is no option "shed.entries" \(there are maxEntries, maxAgeMs\)/],
      [{ shed: { maxAgeMs: null } }, /null/],
    ] as const) {
      await fixture.package('wrong', { group: 'g', retention: policy });
      const { code, stderr } = await fixture.retain(wrong);
      expect(stderr).toMatch(said);
      expect(code).toBe(2);
    }
    const twice = await fixture.package('twice', { group: 'noc_team' });
    const both = await fixture.retain(fixture.noc, twice);
    expect(both).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('noc and twice are both noc_team on retained'),
    });
    expect(await fixture.retain(fixture.noc, '--every', '30')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Write it as 30s, 5m or 1h'),
    });
    expect(await fixture.retain(fixture.noc, '--every', '30s', '--dry-run')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--dry-run says what one pass would do: leave --every out'),
    });
    expect(await fixture.retain()).toMatchObject({ code: 2 });
  });
});

it('ends with 3 when Redis does not answer, and says where it looked', async () => {
  const url = `redis://127.0.0.1:${await freePort()}`;
  const { code, stderr } = await run(['retain', FILE_TEAM], { environment: { REDIS_URL: url } });
  expect(stderr).toContain(url);
  expect(code).toBe(3);
});
