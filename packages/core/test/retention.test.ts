import { readFile } from 'node:fs/promises';
import {
  type DeclaredGroup,
  groupKey,
  groupStatus,
  Janitor,
  type JanitorOptions,
  RedisConnection,
  shedAccount,
} from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GROUP, TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const protect = (group: string): DeclaredGroup => ({ group, retention: 'protect' });
const shed = (group: string, bounds: { maxEntries?: number; maxAgeMs?: number }): DeclaredGroup => ({
  group,
  retention: { shed: bounds },
});

/** A stream with its janitors. */
class TrimmedStream extends TestStream {
  janitor(groups: readonly DeclaredGroup[], options: Partial<JanitorOptions> = {}): Janitor {
    return new Janitor(this.redis, { stream: this.name, groups, ...options });
  }

  async create(group: string, from = '0'): Promise<void> {
    await this.call('XGROUP', 'CREATE', this.name, group, from, 'MKSTREAM');
  }

  async read(group: string, count: number): Promise<string[]> {
    const reply = await this.call('XREADGROUP', 'GROUP', group, 'c', 'COUNT', count, 'STREAMS', this.name, '>');
    const [[, entries]] = reply as [[Buffer, [Buffer, unknown][]]];
    return entries.map(([id]) => String(id));
  }

  async acknowledge(group: string, ids: readonly string[]): Promise<void> {
    await this.call('XACK', this.name, group, ...ids);
  }

  async ids(): Promise<string[]> {
    return ((await this.call('XRANGE', this.name, '-', '+')) as [Buffer, unknown][]).map(([id]) => String(id));
  }

  /** Everything that a pass could change. */
  async everything(): Promise<unknown> {
    const groups = ((await this.call('XINFO', 'GROUPS', this.name)) as Buffer[][]).map((fields) => fields.map(String));
    const keys = (await this.call('KEYS', `*${this.name}*`)) as Buffer[];
    return { ids: await this.ids(), groups, keys: keys.map(String).sort() };
  }

  account(group: string) {
    return shedAccount(this.redis, { stream: this.name, group });
  }
}

describeWithRedisProcess('a janitor', () => {
  it('trims up to the smallest ID that any group still needs, pending or not yet handed out', async () => {
    await using stream = new TrimmedStream(redis);
    const ids = await stream.addMany(300);
    await stream.create('noc');
    await stream.create('sec');
    await stream.acknowledge('noc', await stream.read('noc', 250));
    const pinned = await stream.read('sec', 200);
    await stream.acknowledge(
      'sec',
      pinned.filter((_, i) => i !== 120),
    );
    const janitor = stream.janitor([protect('noc'), protect('sec')]);

    expect(await janitor.pass()).toMatchObject({ outcome: 'done', trimmed: 120, shed: [], neededBy: ['sec'] });
    expect(await stream.ids()).toEqual(ids.slice(120));
    await stream.acknowledge('sec', pinned.slice(120, 121));
    expect(await janitor.pass()).toMatchObject({ outcome: 'done', trimmed: 80, neededBy: ['sec'] });
    await stream.acknowledge('sec', await stream.read('sec', 100));
    expect(await janitor.pass()).toMatchObject({ outcome: 'done', trimmed: 50, neededBy: ['noc'] });
    await stream.acknowledge('noc', await stream.read('noc', 50));
    expect(await janitor.pass()).toMatchObject({ outcome: 'done', trimmed: 50, neededBy: [] });
    expect(await stream.ids()).toEqual([]);
    expect(await janitor.pass()).toMatchObject({ outcome: 'done', trimmed: 0 });
  });

  it('trims nothing while a group that has read nothing is there', async () => {
    await using stream = new TrimmedStream(redis);
    await stream.addMany(150);
    await stream.create('noc');
    await stream.create('new');
    await stream.acknowledge('noc', await stream.read('noc', 150));
    const pass = await stream.janitor([protect('noc'), protect('new')]).pass();
    expect(pass).toMatchObject({ outcome: 'done', trimmed: 0, neededBy: ['new'] });
    expect(await stream.ids()).toHaveLength(150);
  });

  it('names the declared groups that are missing, and trims nothing', async () => {
    await using stream = new TrimmedStream(redis);
    await stream.addMany(150);
    await stream.create('noc');
    await stream.acknowledge('noc', await stream.read('noc', 150));
    const janitor = stream.janitor([protect('noc'), shed('soc', { maxEntries: 1 }), protect('audit')]);
    for (const dryRun of [true, false]) {
      expect(await janitor.pass({ dryRun })).toMatchObject({
        outcome: 'missing',
        missing: ['soc', 'audit'],
        trimmed: 0,
      });
    }
    expect(await stream.ids()).toHaveLength(150);
  });

  it('names every declared group where there is no stream', async () => {
    await using stream = new TrimmedStream(redis);
    const pass = await stream.janitor([protect('noc')]).pass();
    expect(pass).toMatchObject({ outcome: 'missing', missing: ['noc'] });
    expect(await stream.call('EXISTS', stream.name)).toBe(0);
  });

  it('has nothing to do on an empty stream', async () => {
    await using stream = new TrimmedStream(redis);
    await stream.create('noc');
    expect(await stream.janitor([protect('noc')]).pass()).toMatchObject({ outcome: 'done', trimmed: 0, neededBy: [] });
  });

  it('protects groups that nobody declared, and names them', async () => {
    await using stream = new TrimmedStream(redis);
    await stream.addMany(20);
    await stream.create('noc');
    await stream.create('somebody');
    await stream.acknowledge('noc', await stream.read('noc', 20));
    const pass = await stream.janitor([shed('noc', { maxEntries: 1 })]).pass();
    expect(pass).toMatchObject({ trimmed: 0, undeclared: ['somebody'], neededBy: ['somebody'] });
  });

  it('keeps the newest entries that it is to keep, although everyone has had them', async () => {
    await using stream = new TrimmedStream(redis);
    const ids = await stream.addMany(500);
    await stream.create('noc');
    await stream.acknowledge('noc', await stream.read('noc', 500));
    const janitor = stream.janitor([protect('noc')], { keep: 130 });
    expect(await janitor.pass({ dryRun: true })).toMatchObject({ trimmed: 370, neededBy: [] });
    expect(await janitor.pass()).toMatchObject({ trimmed: 370, neededBy: [] });
    expect(await stream.ids()).toEqual(ids.slice(370));
  });

  it('compares IDs whose halves no number of JavaScript or Lua can hold', async () => {
    await using stream = new TrimmedStream(redis);
    const ids = [
      '9007199254740993-9007199254740992',
      '9007199254740993-9007199254740993',
      '9007199254740993-9007199254740999',
      '9007199254740993-18446744073709551615',
      '9007199254740994-0',
      '9007199254740999-9',
      '9007199254741000-10',
      '18446744073709551615-18446744073709551615',
    ];
    for (const id of ids) await stream.call('XADD', stream.name, id, 'a', 'b');
    await stream.create('noc');
    const janitor = stream.janitor([protect('noc')]);
    for (let had = 1; had <= ids.length; had++) {
      await stream.acknowledge('noc', await stream.read('noc', 1));
      await janitor.pass();
      // The last ID there can be has none behind it to name, so it stays.
      expect(await stream.ids()).toEqual(ids.slice(Math.min(had, ids.length - 1)));
    }
  });

  it('does not wait for pending entries that somebody else has trimmed, and loses no other', async () => {
    await using stream = new TrimmedStream(redis);
    const ids = await stream.addMany(50);
    await stream.create('noc');
    await stream.create('dead');
    await stream.acknowledge('noc', await stream.read('noc', 50));
    const held = await stream.read('dead', 20);
    await stream.call('XTRIM', stream.name, 'MAXLEN', 40);
    await stream.acknowledge('dead', held.slice(10, 15));
    const janitor = stream.janitor([protect('noc'), protect('dead')]);
    expect(await janitor.pass()).toMatchObject({ trimmed: 5, neededBy: ['dead'] });
    expect(await stream.ids()).toEqual(ids.slice(15));
    await stream.call('XTRIM', stream.name, 'MAXLEN', 10);
    const { lost } = await groupStatus(stream.redis, { stream: stream.name, group: 'dead' });
    expect(lost).toBe(20);
    expect(await janitor.pass()).toMatchObject({ trimmed: 0, neededBy: ['dead'] });
  });

  it('goes on with a server that has forgotten its script', async () => {
    await using stream = new TrimmedStream(redis);
    await stream.addMany(10);
    await stream.create('noc');
    const janitor = stream.janitor([protect('noc')]);
    for (let i = 0; i < 3; i++) {
      await stream.acknowledge('noc', await stream.read('noc', 2));
      await stream.call('SCRIPT', 'FLUSH');
      expect(await janitor.pass()).toMatchObject({ outcome: 'done', trimmed: 2 });
    }
  });

  it('changes nothing in a dry run, and predicts what the pass then does', async () => {
    await using stream = new TrimmedStream(redis);
    await stream.addMany(2_500);
    await stream.create('noc');
    await stream.create('slow');
    await stream.acknowledge('noc', await stream.read('noc', 2_500));
    const had = await stream.read('slow', 700);
    await stream.acknowledge(
      'slow',
      had.filter((_, i) => i % 3 > 0),
    );
    const janitor = stream.janitor([protect('noc'), shed('slow', { maxEntries: 1_111 })]);
    const before = await stream.everything();
    const predicted = await janitor.pass({ dryRun: true });
    expect(await stream.everything()).toEqual(before);
    const done = await janitor.pass();
    const sums = (ranges: typeof done.shed) => [
      ranges.reduce((sum, { unread }) => sum + unread, 0),
      ranges.reduce((sum, { pending }) => sum + pending, 0),
      ranges[0]?.from,
      ranges.at(-1)?.to,
    ];
    expect(predicted).toMatchObject({ outcome: 'done', trimmed: 1_389 });
    expect({ ...predicted, shed: sums(predicted.shed) }).toEqual({ ...done, shed: sums(done.shed) });
    expect(sums(done.shed).slice(0, 2)).toEqual([689, 234]);
  });

  it('stops after the slice under way when it is told to, and says how far it has come', async () => {
    await using stream = new TrimmedStream(redis);
    await addQuickly(stream, 25_000);
    await stream.create('noc', '$');
    const stopping = new AbortController();
    const seen: number[] = [];
    const onProgress = (trimmed: number) => {
      seen.push(trimmed);
      stopping.abort();
    };
    const janitor = stream.janitor([protect('noc')]);
    expect(await janitor.pass({ signal: stopping.signal, onProgress })).toMatchObject({
      outcome: 'stopped',
      trimmed: 10_000,
    });
    expect(seen).toEqual([10_000]);
    expect(await janitor.pass()).toMatchObject({ outcome: 'done', trimmed: 15_000 });
  });
});

describeWithRedisProcess('what a team sheds', () => {
  it('is what is outside its own bound, exact to the entry, and never what a protected group needs', async () => {
    await using stream = new TrimmedStream(redis);
    const ids = await stream.addMany(1_000);
    await stream.create('noc');
    await stream.create('slow');
    await stream.acknowledge('noc', await stream.read('noc', 600));
    const had = await stream.read('slow', 100);
    await stream.acknowledge('slow', [...had.slice(0, 50), ...had.slice(60, 70)]);
    const janitor = stream.janitor([protect('noc'), shed('slow', { maxEntries: 300 })]);

    const pass = await janitor.pass();
    expect(pass).toMatchObject({ outcome: 'done', trimmed: 600, neededBy: ['noc'] });
    expect(await stream.ids()).toEqual(ids.slice(600));
    expect(await stream.account('slow')).toMatchObject({
      unread: 500,
      pending: 40,
      ranges: [{ from: ids[50], to: ids[599], unread: 500, pending: 40, at: expect.stringMatching(/^20/) }],
    });
    expect(await stream.account('noc')).toEqual({ unread: 0, pending: 0, ranges: [] });

    await stream.acknowledge('noc', await stream.read('noc', 400));
    expect(await janitor.pass()).toMatchObject({ trimmed: 100, neededBy: ['slow'] });
    expect(await stream.account('slow')).toMatchObject({
      unread: 600,
      pending: 40,
      ranges: [{ from: ids[600], to: ids[699], unread: 100, pending: 0 }, { unread: 500 }],
    });
  });

  it('goes by age where a bound says so, and by whichever bound is exceeded first', async () => {
    await using stream = new TrimmedStream(redis);
    const hour = 3_600_000;
    const ids = Array.from({ length: 10 }, (_, i) => `${Date.now() - (10 - i) * hour}-0`);
    for (const id of ids) await stream.call('XADD', stream.name, id, 'a', 'b');
    await stream.create('slow');
    const half = hour / 2;
    const aged = stream.janitor([shed('slow', { maxAgeMs: 8 * hour + half, maxEntries: 20 })]);
    expect(await aged.pass()).toMatchObject({ trimmed: 2, neededBy: ['slow'] });
    const counted = stream.janitor([shed('slow', { maxAgeMs: 100 * hour, maxEntries: 5 })], { lockMs: 10 });
    await aged.release();
    expect(await counted.pass()).toMatchObject({ trimmed: 3 });
    expect(await stream.ids()).toEqual(ids.slice(5));
    expect(await stream.account('slow')).toMatchObject({ unread: 5, pending: 0 });
  });

  it("is in the status's lost as long as the group has not read on, and not counted twice", async () => {
    await using stream = new TrimmedStream(redis);
    await stream.addMany(100);
    await stream.create('slow');
    await stream.acknowledge('slow', await stream.read('slow', 10));
    await stream.janitor([shed('slow', { maxEntries: 40 })]).pass();
    const { unread } = await stream.account('slow');
    expect(unread).toBe(50);
    expect((await groupStatus(stream.redis, { stream: stream.name, group: 'slow' })).lost).toBe(50);
    await stream.call('XTRIM', stream.name, 'MAXLEN', 33);
    expect((await groupStatus(stream.redis, { stream: stream.name, group: 'slow' })).lost).toBe(57);
  });

  it('leaves out entries that were deleted before, pending or not', async () => {
    await using stream = new TrimmedStream(redis);
    const ids = await stream.addMany(20);
    await stream.create('slow');
    await stream.read('slow', 10);
    await stream.call('XDEL', stream.name, ids[3] as string, ids[4] as string, ids[12] as string);
    await stream.janitor([shed('slow', { maxEntries: 2 })]).pass();
    expect(await stream.account('slow')).toMatchObject({ unread: 7, pending: 8 });
  });

  it('counts entries once that are pending and, after the group was set back, to be handed out again', async () => {
    await using stream = new TrimmedStream(redis);
    const ids = await stream.addMany(20);
    await stream.create('slow');
    await stream.read('slow', 10);
    await stream.call('XGROUP', 'SETID', stream.name, 'slow', ids[4] as string);
    await stream.janitor([shed('slow', { maxEntries: 2 })]).pass();
    expect(await stream.account('slow')).toMatchObject({ unread: 8, pending: 10 });
  });

  it('is accounted for while Redis is out of memory, which is when it matters', async () => {
    await using small = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] });
    await using stream = new TrimmedStream(small);
    await addQuickly(stream, 30_000);
    await stream.create('slow');
    await stream.call('CONFIG', 'SET', 'maxmemory', '1mb');
    await expect(stream.add('line', 'x')).rejects.toThrow(/OOM/);
    await expect(stream.call('SET', 'x', 'y')).rejects.toThrow(/OOM/);
    const pass = await stream.janitor([shed('slow', { maxEntries: 100 })]).pass();
    expect(pass).toMatchObject({ outcome: 'done', trimmed: 29_900 });
    expect(await stream.account('slow')).toMatchObject({ unread: 29_900, pending: 0 });
  });

  it('survives the death of Redis together with the trimming, or not at all', async () => {
    await using durable = await startRedis({ persistent: true });
    await using stream = new TrimmedStream(durable);
    await addQuickly(stream, 20_000);
    await stream.create('slow');
    const pass = stream.janitor([shed('slow', { maxEntries: 1 })]).pass({
      onProgress: (trimmed) => {
        if (trimmed >= 5_000) void durable.kill();
      },
    });
    await expect(pass).rejects.toThrow(/connection/i);
    await durable.restart();
    const left = (await stream.ids()).length;
    expect(left).toBeGreaterThan(1);
    expect((await stream.account('slow')).unread).toBe(20_000 - left);
  });

  it('refuses a foreign account before it trims', async () => {
    await using stream = new TrimmedStream(redis);
    await stream.addMany(10);
    await stream.create('slow');
    await stream.call('SET', groupKey(stream.name, 'slow', 'shed'), 'text');
    const pass = stream.janitor([shed('slow', { maxEntries: 2 })]).pass();
    await expect(pass).rejects.toThrow(/trimming stream-.*WRONGTYPE.*rename one of the two/);
    expect(await stream.ids()).toHaveLength(10);
  });
});

describeWithRedisProcess('two janitors', () => {
  it('never have a stream at once; the second says who has it, and takes over when it is released', async () => {
    await using stream = new TrimmedStream(redis);
    await stream.addMany(10);
    await stream.create('noc', '$');
    const [first, second] = [stream.janitor([protect('noc')]), stream.janitor([protect('noc')])];
    const passes = await Promise.all([first.pass(), second.pass()]);
    expect(passes.map(({ outcome }) => outcome).sort()).toEqual(['done', 'locked']);
    const [holder, other] = passes[0]?.outcome === 'done' ? [first, second] : [second, first];
    const locked = await other.pass();
    expect(locked).toMatchObject({
      outcome: 'locked',
      trimmed: 0,
      lockedBy: expect.stringContaining(`process ${process.pid}`),
    });
    expect(await other.pass({ dryRun: true })).toMatchObject({ outcome: 'done' });
    await other.release();
    expect(await other.pass()).toMatchObject({ outcome: 'locked' });
    await holder.release();
    expect(await other.pass()).toMatchObject({ outcome: 'done' });
  });

  it('the one that has lost its lock stops its pass', async () => {
    await using stream = new TrimmedStream(redis);
    await addQuickly(stream, 30_000);
    await stream.create('noc', '$');
    const lock = `distributary:{${stream.name}}:janitor`;
    const pass = await stream.janitor([protect('noc')]).pass({
      onProgress: () => void stream.call('SET', lock, 'another'),
    });
    expect(pass).toMatchObject({ outcome: 'lockLost', trimmed: 10_000 });
    expect(await stream.ids()).toHaveLength(20_000);
    expect(String(await stream.call('GET', lock))).toBe('another');
  });

  it('one that died gives way after its time', async () => {
    await using stream = new TrimmedStream(redis);
    await stream.create('noc');
    await stream.janitor([protect('noc')], { lockMs: 1 }).pass();
    await expect.poll(async () => (await stream.janitor([protect('noc')]).pass()).outcome).toBe('done');
  });
});

describeWithRedisProcess("a janitor's user", () => {
  it('may do all that a janitor does by the rule in the README, and not what consumers do', async () => {
    await using stream = new TrimmedStream(redis);
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const [, rule = ''] = /```\n(ACL SETUSER janitor [^`]*)```/.exec(readme) ?? [];
    const words = rule.replaceAll('syslog_stream', stream.name).trim().split(/\s+/);
    await stream.call(...(words as [string, ...string[]]));
    await stream.addMany(30);
    await stream.create('noc');
    await stream.create('slow');
    await stream.acknowledge('noc', await stream.read('noc', 30));
    const own = new RedisConnection({ url: redis.url.replace('//', '//janitor:secret@') }, 'test');
    const groups = [protect('noc'), shed('slow', { maxEntries: 10, maxAgeMs: 86_400_000 })];
    const janitor = new Janitor(own, { stream: stream.name, groups, forgetAfterMs: 0 });
    expect(await janitor.pass({ dryRun: true })).toMatchObject({ trimmed: 20, forgotten: [{ consumer: 'c' }] });
    expect(await janitor.pass()).toMatchObject({ outcome: 'done', trimmed: 20, forgotten: [{ consumer: 'c' }] });
    await janitor.release();
    expect(await shedAccount(own, { stream: stream.name, group: 'slow' })).toMatchObject({ unread: 20 });
    expect(await groupStatus(own, { stream: stream.name, group: 'slow' })).toMatchObject({ exists: true, length: 10 });
    await expect(own.call('XACK', stream.name, 'slow', '1-1')).rejects.toThrow(/^NOPERM/);
    await expect(own.call('XGROUP', 'DESTROY', stream.name, 'slow')).rejects.toThrow(/^NOPERM/);
    own.close();
  });
});

describe('consumers that never come back', () => {
  it('are removed when they hold nothing, however many, and nothing that is pending goes with them', async () => {
    await using stream = new TrimmedStream(redis);
    const ids = await stream.addMany(81);
    for (const [i, id] of ids.entries()) {
      await stream.readBy(`pod-${i}`, 1);
      if (i < 80) await stream.acknowledge(GROUP, [id]);
    }
    const names = async () => (await stream.status()).consumers.map(({ name }) => name);
    expect((await stream.janitor([protect(GROUP)]).pass({ dryRun: true })).forgotten).toEqual([]);
    const janitor = stream.janitor([protect(GROUP)], { forgetAfterMs: 0 });
    const predicted = await janitor.pass({ dryRun: true });
    expect(predicted.forgotten).toHaveLength(80);
    expect(predicted.forgotten).toContainEqual({ group: GROUP, consumer: 'pod-0' });
    expect(await names()).toHaveLength(81);
    expect(await janitor.pass()).toMatchObject({ outcome: 'done', forgotten: predicted.forgotten });
    expect(await names()).toEqual(['pod-80']);
    expect(await stream.pending()).toBe(1);
  });
});

describe("a janitor's options", () => {
  it('name at least one group, each once', async () => {
    await using stream = new TrimmedStream({ url: 'redis://127.0.0.1:1' });
    expect(() => stream.janitor([])).toThrow(/Nobody is declared to read/);
    expect(() => stream.janitor([protect('a'), protect('a')])).toThrow(/Group a of .* is declared twice/);
  });
});

/** In one call, with short lines. */
async function addQuickly(stream: TestStream, count: number): Promise<void> {
  const script = "for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'line', i) end";
  await stream.call('EVAL', script, 1, stream.name, count);
}
