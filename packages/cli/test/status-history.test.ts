import { groupKey, RedisConnection, streamKey } from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, temporaryFolder } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { historyText } from '../src/history-text.ts';
import type { StatusSnapshot } from '../src/status-history.ts';
import { run } from './distributary.ts';
import { teamPackage } from './team-package.ts';

/** A stream of 100 entries on a server of its own: `fast_team` has had all of them, `slow_team` has 30 pending and 70 to come. */
class HistoryFixture implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly admin: RedisConnection;
  readonly packages: readonly string[];
  readonly #redis: RedisFixture;

  private constructor(redis: RedisFixture, packages: readonly string[]) {
    this.#redis = redis;
    this.packages = packages;
    this.admin = new RedisConnection({ url: redis.url }, 'test');
  }

  static async start(): Promise<HistoryFixture> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis({ requireProcess: true }));
    const folder = stack.use(await temporaryFolder());
    const teams = ['fast', 'slow'].map((name) =>
      teamPackage(folder.path, name, { stream: STREAM, group: `${name}_team` }),
    );
    const fixture = new HistoryFixture(redis, await Promise.all(teams));
    fixture.#stack.use(stack.move());
    fixture.#stack.defer(() => fixture.admin.close());
    const fill = "for i = 1, 100 do redis.call('XADD', KEYS[1], '*', 'line', i) end";
    await fixture.admin.call('EVAL', fill, 1, STREAM);
    await fixture.admin.call('XGROUP', 'CREATE', STREAM, 'fast_team', '$');
    await fixture.admin.call('XGROUP', 'CREATE', STREAM, 'slow_team', '0');
    await fixture.admin.call('XREADGROUP', 'GROUP', 'slow_team', 'c', 'COUNT', 30, 'STREAMS', STREAM, '>');
    return fixture;
  }

  retain(...options: string[]) {
    return this.run('retain', ...this.packages, ...options);
  }

  run(...args: string[]) {
    return run(args, { environment: { REDIS_URL: this.#redis.url } });
  }

  async kept(): Promise<number> {
    return Number(await this.admin.call('XLEN', HISTORY));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

const STREAM = 'remembered';
const HISTORY = streamKey(STREAM, 'history');

describeWithRedisProcess('snapshots of where every group stands', () => {
  let fixture: HistoryFixture;
  beforeAll(async () => {
    fixture = await HistoryFixture.start();
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('are not taken by a dry run, and of none it is said how to have them', async () => {
    await fixture.retain('--dry-run');
    expect(await fixture.kept()).toBe(0);
    const { code, stdout } = await fixture.run('status', ...fixture.packages, '--since', '24h');
    expect(stdout).toMatch(
      /^remembered: no snapshots since \S+Z: npx distributary retain consumers\/… --every 1m takes one a minute$/m,
    );
    expect(code).toBe(0);
  });

  it('are taken by a pass, one a minute however many janitors there are, and shown as a table and as JSON', async () => {
    await fixture.retain();
    await fixture.retain();
    const [json, text] = await Promise.all([
      fixture.run('status', ...fixture.packages, '--since', '24h', '--json'),
      fixture.run('status', '--stream', STREAM, '--since', '1h'),
    ]);
    const { streams } = JSON.parse(json.stdout);
    expect(streams).toMatchObject([{ stream: STREAM, snapshots: expect.any(Array) }]);
    const snapshots: StatusSnapshot[] = streams[0].snapshots;
    expect(snapshots.at(0)).toMatchObject({
      length: 100,
      groups: [
        {
          group: 'fast_team',
          exists: true,
          lagEntries: 0,
          lagMs: 0,
          pending: 0,
          oldestPendingAgeMs: null,
          consumers: 0,
        },
        { group: 'slow_team', lagEntries: 70, pending: 30, lost: 0, deadLetters: 0, consumers: 1 },
      ],
    });
    expect(new Set(snapshots.map(({ at }) => at.slice(0, 16))).size).toBe(snapshots.length);
    expect(text.stdout).toMatch(/^remembered: \d snapshots? since \S+Z$/m);
    expect(text.stdout).toMatch(/^ {2}slow_team\n {4}at .* consumers\n {4}\S+T\d\d:\d\dZ +70 .* 30 .* 0 +0 +1$/m);
  });

  it('are kept for a week, and go on when the clock of Redis is set back', async () => {
    const tomorrow = Date.now() + 86_400_000;
    const fill =
      "for i = 1, 10300 do local at = ARGV[1] + i; redis.call('XADD', KEYS[1], at .. '-0', 'at', at, 'snapshot', '{}') end";
    await fixture.admin.call('EVAL', fill, 1, HISTORY, tomorrow);
    const { stdout } = await fixture.retain('--json');
    expect(JSON.parse(stdout).streams).toMatchObject([{ outcome: 'done', snapshotFailure: null }]);
    const [[, newest]] = (await fixture.admin.call('XREVRANGE', HISTORY, '+', '-', 'COUNT', 1)) as [[Buffer, Buffer[]]];
    expect(Number(newest[1])).toBeLessThan(tomorrow);
    expect(await fixture.kept()).toBeGreaterThanOrEqual(10_080);
    expect(await fixture.kept()).toBeLessThan(10_200);
  });

  it('do not hinder the trimming while Redis is out of memory, and are said to be missing', async () => {
    await using full = await HistoryFixture.start();
    const letters = groupKey(STREAM, 'slow_team', 'dead-letters');
    await full.admin.call('XGROUP', 'SETID', STREAM, 'slow_team', '$');
    await full.admin.call('XGROUP', 'DELCONSUMER', STREAM, 'slow_team', 'c');
    await full.admin.call('CONFIG', 'SET', 'maxmemory', 1);
    await expect(full.admin.call('XADD', letters, '*', 'a', 'b')).rejects.toThrow(/OOM/);
    const { code, stdout } = await full.retain();
    expect(stdout).toContain('remembered: 100 entries trimmed, 0 left');
    expect(stdout.match(/no status snapshot was taken: .*OOM.* Redis is at its maxmemory/g)).toHaveLength(1);
    expect(code).toBe(0);
    expect(await full.kept()).toBe(0);
  });
});

describe('a table of snapshots', () => {
  const day = Array.from({ length: 1_440 }, (_, minute): StatusSnapshot => {
    const lagMs = minute === 777 ? 60_000 : 0;
    const standing = { exists: minute > 100, lagEntries: lagMs, lagMs, pending: 0, oldestPendingAgeMs: null };
    const group = { group: 'team', ...standing, lost: 0, deadLetters: 0, consumers: 2 };
    return { at: new Date(minute * 60_000).toISOString(), length: 1, groups: [group] };
  });
  const rows = (text: string) => text.split('\n').filter((line) => /^ +1970/.test(line));

  it('has at most 40 rows per group, each of them the worst of several', () => {
    const text = historyText({ stream: 'syslog_stream', snapshots: day }, '1970-01-01T00:00:00.000Z');
    expect(text).toMatch(/^syslog_stream: 1,440 snapshots since .*; a row is the worst of 36 in a row$/m);
    expect(rows(text)).toHaveLength(40);
    expect(rows(text).filter((row) => row.includes('60,000'))).toEqual([
      expect.stringMatching(/1970-01-01T12:57Z +60,000 +1 min 0 s/),
    ]);
    expect(rows(text)[0]).toMatch(/no such group$/);
    expect(rows(text).at(-1)).toMatch(/1970-01-01T23:59Z +0 /);
  });

  it('has a row for each of a few', () => {
    const text = historyText({ stream: 'syslog_stream', snapshots: day.slice(-40) }, '1970-01-01T23:20:00.000Z');
    expect(text).not.toContain('worst');
    expect(rows(text)).toHaveLength(40);
  });
});
