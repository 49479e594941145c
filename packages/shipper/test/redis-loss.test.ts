import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import {
  describeWithRedisProcess,
  endProcess,
  type RedisFixture,
  startRedis,
  TcpProxy,
  until,
} from '@distributary/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endShipperChildren, startShipperChild } from './shipper-child.ts';
import { House, type ShippedEntry } from './test-shipper.ts';

const MIB = 2 ** 20;

afterEach(endShipperChildren);

function numbered(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `<134>line ${from + i} ${'x'.repeat(180)}`);
}

/** Into the pipe as fast as that takes them, until Redis has them. */
async function write(house: House, lines: readonly string[], stored: number): Promise<void> {
  const parts = Array.from({ length: Math.ceil(lines.length / 100) }, (_, i) => lines.slice(i * 100, (i + 1) * 100));
  await house.writeInTurn(parts.map((part) => `${part.join('\n')}\n`));
  await house.untilStored(stored);
}

/** Every line is there, and no eid twice. */
async function expectEachOnce(house: House, lines: readonly string[]): Promise<void> {
  await house.untilStored(lines.length);
  const entries = await house.entries();
  expect(new Set(entries.map(({ eid }) => eid)).size).toBe(entries.length);
  expect(entries.map(({ line }) => String(line)).join('\n') === lines.join('\n')).toBe(true);
}

function offsetOf({ eid }: ShippedEntry): number {
  return Number(eid.split('.').at(-1));
}

describeWithRedisProcess('a Redis that loses the tail of its append-only file', () => {
  const everysec = { persistent: true, args: ['--appendfsync', 'everysec'] };

  /** Ends Redis as a power cut does, with half of what the file had beyond that size. */
  async function cutPower(redis: RedisFixture, file: string, size: number): Promise<void> {
    await redis.kill();
    const tail = (await stat(file)).size - size;
    expect(tail).toBeGreaterThan(100_000);
    await truncate(file, size + Math.floor(tail / 2));
    await redis.restart();
  }

  it('is sent the tail again: every line is there, once by its eid', async () => {
    await using redis = await startRedis(everysec);
    await using house = await House.at(redis.url);
    const shipper = await house.start({ batch: { maxLines: 50 } });
    const lines = numbered(0, 4_000);
    await write(house, lines.slice(0, 1_000), 1_000);
    const file = await appendOnlyFile(house);
    const { size } = await stat(file);
    await write(house, lines.slice(1_000, 3_000), 3_000);
    await cutPower(redis, file, size);
    expect(await house.length()).toBeLessThan(3_000);
    await write(house, lines.slice(3_000), 4_000);
    await expectEachOnce(house, lines);
    expect(shipper.reported('wentBack')).toMatchObject([{ streams: [house.stream] }]);
    expect(shipper.reported('gapFound')).toEqual([]);
    expect(shipper.counts.lines).toBe(4_000);
    expect(shipper.counts.storedAgain).toBeGreaterThan(0);
    expect(shipper.counts.stored - shipper.counts.storedAgain).toBe(4_000);
  });

  it('is sent it by a shipper that was killed with it, without a further line', async () => {
    await using redis = await startRedis(everysec);
    await using house = await House.at(redis.url);
    const lines = numbered(0, 6_000);
    const first = await startShipperChild(redis.url, house);
    await write(house, lines.slice(0, 2_000), 2_000);
    const file = await appendOnlyFile(house);
    const { size } = await stat(file);
    await write(house, lines.slice(2_000), 6_000);
    await endProcess(first, 'SIGKILL');
    await cutPower(redis, file, size);
    expect(await house.length()).toBeLessThan(6_000);
    const second = await startShipperChild(redis.url, house);
    await expectEachOnce(house, lines);
    await endProcess(second, 'SIGTERM');
  });
});

describeWithRedisProcess('a replica that is promoted without the tail of its primary', () => {
  it('is sent the tail: every line is there, once by its eid, and no eid is missing', async () => {
    await using primary = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    await using replica = await startRedis({ requireProcess: true });
    await using replication = await TcpProxy.to(primary.port);
    await using address = await TcpProxy.to(primary.port);
    await using house = await House.at(primary.url);
    await using promoted = await House.at(replica.url);
    await promoted.redis.call('REPLICAOF', '127.0.0.1', replication.port);
    const shipper = await house.start({ redis: house.connect(address.url) });
    const lines = numbered(0, 3_000);
    await write(house, lines.slice(0, 1_000), 1_000);
    await until(async () => (await promoted.length(house.stream)) === 1_000, { describe: 'all that to be replicated' });
    replication.mode = 'blackhole';
    await write(house, lines.slice(1_000, 2_000), 2_000);
    await primary.kill();
    await promoted.redis.call('REPLICAOF', 'NO', 'ONE');
    address.targetPort = replica.port;
    await house.writeInTurn([`${lines.slice(2_000).join('\n')}\n`]);
    await until(async () => (await promoted.length(house.stream)) >= 3_000);
    const entries = await promoted.entries(house.stream);
    expect(entries.map(({ line }) => String(line)).join('\n') === lines.join('\n')).toBe(true);
    const gaps = entries.filter((entry, i) => i > 0 && offsetOf(entry) !== endOf(entries[i - 1] as ShippedEntry));
    expect(gaps).toEqual([]);
    expect(shipper.counts).toMatchObject({ lines: 3_000, storedAgain: 1_000, gaps: 0 });
  });
});

describe('a Redis that forgets what it has confirmed', () => {
  let redis: RedisFixture;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  /** As FLUSHALL does it, but to one test's keys alone. */
  async function flush(house: House, stream: string = house.stream): Promise<void> {
    const [{ eid }] = (await house.entries(stream)) as [ShippedEntry];
    await house.redis.call('DEL', stream, shippedKey(stream, eid));
  }

  it.each(['the shipper runs', 'it is down'])(
    'while %s: what the log no longer has is told, with its eids',
    async (when) => {
      await using house = await House.at(redis.url);
      const wal = { folder: house.wal, maxBytes: 2 * MIB, keepShippedBytes: MIB / 2 };
      const options = { wal, batch: { maxLines: 100 } };
      let shipper = await house.start(options);
      const lines = numbered(0, 12_000);
      await write(house, lines.slice(0, 10_000), 10_000);
      await until(() => shipper.counts.waitingBytes === 0);
      const before = await house.entries();
      if (when === 'it is down') await shipper.stop();
      await flush(house);
      if (when === 'it is down') shipper = await house.start(options);
      await house.writeInTurn([`${lines.slice(10_000).join('\n')}\n`]);
      await until(async () => (await house.lines()).at(-1) === lines.at(-1));

      const [gap, ...others] = shipper.reported('gapFound');
      expect(others).toEqual([]);
      const after = await house.entries();
      const lost = before.length - (after.length - 2_000);
      expect(gap).toMatchObject({ stream: house.stream, fromEid: before[0]?.eid });
      const edge = Number(gap?.beforeEid.split('.').at(-1));
      expect(before.filter((entry) => offsetOf(entry) < edge).length).toBe(lost);
      expect(gap?.bytes).toBe(edge);
      expect(before.length * 200 - edge).toBeGreaterThanOrEqual(MIB / 2 - 200);
      expect(after.map(({ line }) => String(line)).join('\n') === lines.slice(lost).join('\n')).toBe(true);
      expect(after[0]?.eid).toBe(before[lost]?.eid);
      expect(shipper.counts).toMatchObject({ gaps: 1, gapBytes: edge });
    },
  );

  it('is sent everything again when only that was lost: twice there, under one eid, rather than not', async () => {
    await using house = await House.at(redis.url);
    await house.start();
    await write(house, ['a', 'b', 'c'], 3);
    const [{ eid }] = (await house.entries()) as [ShippedEntry];
    await house.redis.call('DEL', shippedKey(house.stream, eid));
    await write(house, ['d'], 7);
    expect(await house.lines()).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'd']);
    expect(new Set((await house.entries()).map((entry) => entry.eid)).size).toBe(4);
  });

  it('is sent what it lost of a stream that gets no more lines', async () => {
    await using house = await House.at(redis.url);
    const quiet = `${house.stream}-quiet`;
    const shipper = await house.start({ routes: new Map([['local5', quiet]]) });
    house.write('<174>quiet\n<134>a\n<134>b\n');
    await house.untilStored(2);
    await until(async () => (await house.length(quiet)) === 1);
    await flush(house, quiet);
    await until(async () => (await house.length(quiet)) === 1);
    expect(await house.lines(quiet)).toEqual(['<174>quiet']);
    expect(await house.lines()).toEqual(['<134>a', '<134>b']);
    expect(shipper.reported('wentBack')).toMatchObject([{ streams: [quiet] }]);
    expect(shipper.counts).toMatchObject({ lines: 3, storedAgain: 1, unrouted: 2 });
  });

  it('is told of as a gap without a write-ahead log, and gets what follows', async () => {
    await using house = await House.at(redis.url);
    const shipper = await house.start({ wal: false });
    await write(house, ['a', 'b'], 2);
    const [first] = await house.entries();
    await flush(house);
    await write(house, ['c'], 1);
    expect(await house.lines()).toEqual(['c']);
    expect(shipper.reported('gapFound')).toMatchObject([{ stream: house.stream, fromEid: first?.eid, bytes: 4 }]);
  });

  it('is not asked for what was shipped under another name or into another stream', async () => {
    await using house = await House.at(redis.url);
    const first = await house.start();
    await write(house, ['a'], 1);
    await first.stop();
    const asked: string[] = [];
    const listening = {
      call: (...command: Parameters<typeof house.redis.call>) => {
        asked.push(command.join(' '));
        return house.redis.call(...command);
      },
    };
    const renamed = await house.start({ name: 'other', redis: listening });
    await write(house, ['b'], 2);
    await renamed.stop();
    expect(asked.filter((command) => command.includes(' test.'))).toEqual([]);
    const moved = await house.start({ stream: `${house.stream}-moved`, redis: listening });
    asked.length = 0;
    house.write('c\n');
    await until(async () => (await house.length(`${house.stream}-moved`)) === 1);
    await moved.stop();
    expect(asked.filter((command) => command.includes(` ${house.stream} `))).toEqual([]);
    expect(await house.lines()).toEqual(['a', 'b']);
  });

  it('and then forgets again while that is sent: a shipper that is killed amid it goes on', async () => {
    await using proxy = await TcpProxy.to(redis.port);
    await using house = await House.at(redis.url);
    const first = await startShipperChild(proxy.url, house);
    const lines = numbered(0, 20_000);
    await write(house, lines, 20_000);
    await flush(house);
    proxy.bytesPerSecond = 2 * MIB;
    await until(async () => (await house.length()) > 2_000);
    await endProcess(first, 'SIGKILL');
    const sent = await house.length();
    expect(sent).toBeLessThan(20_000);
    proxy.bytesPerSecond = Infinity;
    const second = await startShipperChild(proxy.url, house);
    await expectEachOnce(house, lines);
    await flush(house);
    await expectEachOnce(house, lines);
    await endProcess(second, 'SIGTERM');
  });
});

describeWithRedisProcess('what a log keeps of what was shipped', () => {
  it('holds its bound, and goes before the input is paused', async () => {
    await using redis = await startRedis({ persistent: true });
    await using house = await House.at(redis.url);
    const maxBytes = 2 * MIB;
    const shipper = await house.start({ wal: { folder: house.wal, maxBytes, keepShippedBytes: maxBytes } });
    let largest = 0;
    shipper.on('stored', () => {
      largest = Math.max(largest, shipper.counts.walBytes);
    });
    for (let i = 1; i <= 60; i++) await write(house, numbered(0, 500), 500 * i);
    expect(largest).toBeGreaterThan(maxBytes / 2);
    expect(largest).toBeLessThan(maxBytes);
    expect(shipper.counts.pauses).toBe(0);
    await redis.kill();
    const read = shipper.counts.readBytes;
    const written = house.writeInTurn(Array.from({ length: 30 }, () => `${numbered(0, 500).join('\n')}\n`));
    await until(() => shipper.counts.paused);
    expect(shipper.counts.walBytes).toBeLessThan(maxBytes + 64 * 1024);
    expect(shipper.counts.readBytes - read).toBeGreaterThan(maxBytes / 2);
    await redis.restart();
    await written;
    await house.untilStored(45_000);
    await until(() => !shipper.counts.paused);
  });
});

function endOf(entry: ShippedEntry): number {
  return offsetOf(entry) + entry.line.length + 1;
}

function shippedKey(stream: string, eid: string): string {
  return `distributary:{${stream}}:shipped:${eid.slice(0, eid.lastIndexOf('.'))}`;
}

/** The file of that Redis which grows with every change: what a power cut takes the end of. */
async function appendOnlyFile({ redis }: House): Promise<string> {
  const [, folder] = (await redis.call('CONFIG', 'GET', 'dir')) as Buffer[];
  const files = await readdir(join(`${folder}`, 'appendonlydir'));
  const file = files
    .filter((name) => name.endsWith('.incr.aof'))
    .sort()
    .at(-1);
  return join(`${folder}`, 'appendonlydir', file ?? '');
}
