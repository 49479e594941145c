import { PassThrough } from 'node:stream';
import { describeWithRedisProcess, type RedisFixture, startRedis, TcpProxy, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { House } from './test-shipper.ts';

function numbered(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `<134>line ${from + i} ${'x'.repeat(80)}`);
}

/** Only the reply to lines that were added: after an error, or for lines that were known, nothing depends on it. */
const hasAdded = (asked: string, reply: string): boolean => /EVAL/i.test(asked) && /^:[1-9]/.test(reply);

describe('a reply that is lost after the lines were added', () => {
  let redis: RedisFixture;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  it.each([{ wal: true }, { wal: false }])('stores nothing twice (write-ahead log: $wal)', async ({ wal }) => {
    await using proxy = await TcpProxy.to(redis.port);
    await using house = await House.at(redis.url);
    const shipper = await house.start({
      redis: house.connect(proxy.url),
      batch: { maxLines: 50 },
      ...(wal ? {} : { wal: false }),
    });
    const lines = numbered(0, 500);
    house.write(`${lines.slice(0, 100).join('\n')}\n`);
    await house.untilStored(100);
    proxy.isWanted = hasAdded;
    proxy.repliesToLose = 3;
    house.write(`${lines.slice(100).join('\n')}\n`);
    await until(() => shipper.counts.stored + shipper.counts.duplicates === 500);
    expect(proxy.lostReplies).toBe(3);
    expect(await house.lines()).toEqual(lines);
    expect(shipper.counts.duplicates).toBe(150);
    expect(shipper.reported('redisUnavailable').length).toBeGreaterThan(0);
    await until(() => shipper.reported('redisRecovered').length > 0);
  });

  it('stores nothing twice when the shipper ends before it learns of it', async () => {
    await using proxy = await TcpProxy.to(redis.port);
    await using house = await House.at(redis.url);
    proxy.isWanted = hasAdded;
    proxy.repliesToLose = Infinity;
    const first = await house.start({ redis: house.connect(proxy.url) });
    const lines = numbered(0, 200);
    house.write(`${lines.join('\n')}\n`);
    await house.untilStored(200);
    await first.stop({ timeoutMs: 0 });
    expect(first.counts.stored).toBe(0);
    const second = await house.start();
    await until(() => second.counts.duplicates === 200);
    house.write('behind\n');
    await house.untilStored(201);
    expect(await house.lines()).toEqual([...lines, 'behind']);
  });

  it('refuses to guess after Redis refused some of the lines', async () => {
    await using house = await House.at(redis.url);
    await house.redis.call('SET', house.stream, 'not a stream');
    const shipper = await house.start();
    house.write('a\nb\n');
    const [{ reason }] = await until(() => {
      const said = shipper.reported('redisUnavailable');
      return said.length > 0 && (said as [{ reason: Error }]);
    });
    expect(reason.message).toMatch(/^Adding lines to stream-.* failed: .*WRONGTYPE.* rename one of the two\.$/);
    await house.redis.call('DEL', house.stream);
    await house.untilStored(2);
    expect(await house.lines()).toEqual(['a', 'b']);
    expect(shipper.reported('redisUnavailable').length).toBe(1);
  });
});

describeWithRedisProcess('while Redis is away', () => {
  it('lines wait in the write-ahead log, and nothing is lost or stored twice', async () => {
    await using redis = await startRedis({ persistent: true });
    await using house = await House.at(redis.url);
    const shipper = await house.start();
    const lines = numbered(0, 1_500);
    house.write(`${lines.slice(0, 500).join('\n')}\n`);
    await house.untilStored(500);
    await redis.kill();
    house.write(`${lines.slice(500, 1_000).join('\n')}\n`);
    await until(() => shipper.reported('redisUnavailable').length > 0);
    house.write(`${lines.slice(1_000).join('\n')}\n`);
    await until(() => shipper.counts.readBytes === Buffer.byteLength(`${lines.join('\n')}\n`));
    expect(shipper.counts.waitingBytes).toBeGreaterThan(0);
    await redis.restart();
    await house.untilStored(1_500);
    expect(await house.lines()).toEqual(lines);
    await until(() => shipper.reported('redisRecovered').length === 1);
  });

  it('a stopped shipper keeps them for the next one, and does not wait for Redis', async () => {
    await using redis = await startRedis({ persistent: true });
    await using house = await House.at(redis.url);
    const first = await house.start();
    await redis.kill();
    house.write('a\nb\n');
    await until(() => first.reported('redisUnavailable').length > 0);
    await first.stop({ timeoutMs: 600_000 });
    await redis.restart();
    const second = await house.start();
    await house.untilStored(2);
    expect(second.reported('walOpened')).toMatchObject([{ unshippedBytes: 4 }]);
    expect(await house.lines()).toEqual(['a', 'b']);
  });

  it('a full write-ahead log pauses the pipe, nothing is dropped, and memory stays flat', async () => {
    await using redis = await startRedis({ persistent: true });
    await using house = await House.at(redis.url);
    const maxBytes = 8 * 1024 * 1024;
    const shipper = await house.start({ wal: { folder: house.wal, maxBytes } });
    await redis.kill();
    const before = process.memoryUsage().arrayBuffers;
    const lines = numbered(0, 150_000);
    const chunks = Array.from({ length: 500 }, (_, i) => `${lines.slice(i * 300, (i + 1) * 300).join('\n')}\n`);
    const written = house.writeInTurn(chunks);
    await until(() => shipper.reported('inputPaused').length === 1, { timeoutMs: 20_000 });
    expect(shipper.counts).toMatchObject({ paused: true, pauses: 1 });
    expect(shipper.counts.walBytes).toBeLessThan(maxBytes + 128 * 1024);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    const read = shipper.counts.readBytes;
    await redis.restart();
    await until(() => shipper.counts.readBytes > read);
    await written;
    await house.untilStored(lines.length);
    expect((await house.lines()).join('\n') === lines.join('\n')).toBe(true);
    expect(shipper.reported('inputResumed').length).toBeGreaterThan(0);
    await until(() => shipper.counts.walBytes < maxBytes / 2);
  });

  it('without a write-ahead log the pipe is not read beyond a window, and nothing is lost', async () => {
    await using redis = await startRedis({ persistent: true });
    await using house = await House.at(redis.url);
    const shipper = await house.start({ wal: false });
    await redis.kill();
    const lines = numbered(0, 90_000);
    const chunks = Array.from({ length: 300 }, (_, i) => `${lines.slice(i * 300, (i + 1) * 300).join('\n')}\n`);
    const written = house.writeInTurn(chunks);
    await until(() => shipper.reported('inputPaused').length === 1);
    expect(shipper.counts.readBytes).toBeLessThan(5 * 1024 * 1024);
    await redis.restart();
    await written;
    await house.untilStored(lines.length);
    expect((await house.lines()).join('\n') === lines.join('\n')).toBe(true);
  });

  it('a shipper without a write-ahead log that has nothing to ship notices, and ends with its input', async () => {
    await using redis = await startRedis({ persistent: true });
    await using house = await House.at(redis.url);
    const input = new PassThrough();
    const shipper = await house.start({ wal: false, input: { kind: 'stdin', input } });
    input.write('a\n');
    await until(() => shipper.counts.waitingBytes === 0 && shipper.counts.stored === 1);
    await redis.kill();
    await until(() => shipper.reported('redisUnavailable').length === 1);
    input.end();
    await shipper.finished;
    expect(shipper.reported('abandoned')).toEqual([]);
  });

  it('at its memory limit lines wait, and go on where it stopped', async () => {
    await using redis = await startRedis({ args: ['--maxmemory', '4mb', '--maxmemory-policy', 'noeviction'] });
    await using house = await House.at(redis.url);
    const shipper = await house.start();
    const lines = numbered(0, 60_000);
    const chunks = Array.from({ length: 200 }, (_, i) => `${lines.slice(i * 300, (i + 1) * 300).join('\n')}\n`);
    const written = house.writeInTurn(chunks);
    const [{ reason }] = await until(() => {
      const said = shipper.reported('redisUnavailable');
      return said.length > 0 && (said as [{ reason: Error }]);
    });
    expect(reason.message).toMatch(/maxmemory: raise it/);
    await written;
    await house.redis.call('CONFIG', 'SET', 'maxmemory', '0');
    await house.untilStored(lines.length);
    expect((await house.lines()).join('\n') === lines.join('\n')).toBe(true);
  });
});
