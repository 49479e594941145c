import {
  appendFileSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { House } from './test-shipper.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Answers nothing, so that everything stays in the log. */
const AWAY = {
  call: (): Promise<unknown> => Promise.reject(new Error('Redis is away')),
};

function segments(house: House): string[] {
  return readdirSync(house.wal)
    .filter((name) => name.endsWith('.wal'))
    .sort()
    .map((name) => `${house.wal}/${name}`);
}

/** Leaves lines in the log, as a run without Redis does. @returns the segment that holds them */
async function leave(house: House, text: string): Promise<string> {
  const shipper = await house.start({ redis: AWAY });
  house.write(text);
  await until(() => shipper.counts.readBytes === text.length);
  await shipper.stop();
  return segments(house).at(-1) as string;
}

function runOf({ eid }: { readonly eid: string }): string | undefined {
  return /^test\.([0-9a-f]{12})\.\d+$/.exec(eid)?.[1];
}

describe('the write-ahead log', () => {
  it('names each line by shipper, boot and offset, and goes on counting after a restart', async () => {
    await using house = await House.at(redis.url);
    const first = await house.start();
    house.write('a\n\nbcd\n');
    await house.untilStored(2);
    await first.stop();
    await house.start();
    house.write('e\n');
    await house.untilStored(3);
    const entries = await house.entries();
    const [boot] = entries.map(runOf);
    expect(entries.map(({ eid }) => eid)).toEqual([`test.${boot}.0`, `test.${boot}.3`, `test.${boot}.7`]);
  });

  it('keeps a line that was begun before a restart and ends after it', async () => {
    await using house = await House.at(redis.url);
    const first = await house.start();
    house.write('a\nbegun ');
    await house.untilStored(1);
    await until(() => first.counts.readBytes === 8);
    await first.stop();
    await house.start();
    house.write('and ended\n');
    await house.untilStored(2);
    expect(await house.lines()).toEqual(['a', 'begun and ended']);
  });

  it('goes on skipping after a restart what is beyond the limit', async () => {
    await using house = await House.at(redis.url);
    const first = await house.start({ maxLineBytes: 10 });
    house.write('x'.repeat(50));
    await house.untilStored(1);
    await first.stop();
    await house.start({ maxLineBytes: 10 });
    house.write(`${'y'.repeat(50)}\nbehind\n`);
    await house.untilStored(2);
    expect(await house.lines()).toEqual(['xxxxxxxxxx', 'behind']);
  });

  it.each([
    ['a record cut short', (file: string) => truncateSync(file, statSync(file).size - 3)],
    ['a header cut short', (file: string) => appendFileSync(file, Buffer.from([1, 2, 3]))],
    ['zeros, as a power cut leaves them', (file: string) => appendFileSync(file, Buffer.alloc(4_096))],
    ['garbage', (file: string) => appendFileSync(file, Buffer.alloc(500, 'garbage'))],
  ])('cuts off a torn end, reports it, and begins a new boot: %s', async (_what, tear) => {
    await using house = await House.at(redis.url);
    const file = await leave(house, 'a\nb\n');
    const whole = statSync(file).size;
    tear(file);
    const torn = statSync(file).size;
    const shipper = await house.start();
    const [report] = shipper.reported('walTruncated');
    expect(report).toMatchObject({ file });
    expect(report?.droppedBytes).toBe(torn - (report?.position ?? 0));
    expect(report?.position).toBe(torn > whole ? whole : 32);
    const survivors = torn > whole ? ['a', 'b'] : [];
    house.write('c\nd\n');
    await house.untilStored(survivors.length + 2);
    const entries = await house.entries();
    expect(entries.map(({ line }) => String(line))).toEqual([...survivors, 'c', 'd']);
    expect(new Set(entries.map(runOf)).size).toBe(torn > whole ? 2 : 1);
    await shipper.stop();
    const next = await house.start();
    expect(next.reported('walTruncated')).toEqual([]);
  });

  it('does not glue a line whose end was torn off to the next one', async () => {
    await using house = await House.at(redis.url);
    const first = await house.start({ redis: AWAY });
    house.write('whole\nbegun ');
    await until(() => first.counts.readBytes === 12);
    house.write('and torn off');
    await until(() => first.counts.readBytes === 24);
    await first.stop();
    const file = segments(house).at(-1) as string;
    truncateSync(file, statSync(file).size - 1);
    const shipper = await house.start();
    house.write('next\n');
    await house.untilStored(2);
    expect(await house.lines()).toEqual(['whole', 'next']);
    expect(shipper.counts.partsLeftOut).toBe(1);
  });

  it('goes on with the next segment behind damage, and says how much it lost', async () => {
    await using house = await House.at(redis.url);
    const file = await leave(house, 'a\nb\n');
    await leave(house, 'c\n');
    const content = readFileSync(file);
    content[content.length - 1] = 0x58;
    writeFileSync(file, content);
    const shipper = await house.start();
    await house.untilStored(1);
    expect(await house.lines()).toEqual(['c']);
    expect(shipper.reported('walTruncated')).toEqual([{ file, position: 32, droppedBytes: 12 }]);
    house.write('d\n');
    await house.untilStored(2);
  });

  it.each([
    ['is lost', (path: string) => truncateSync(path, 0)],
    ['is garbage', (path: string) => writeFileSync(path, Buffer.alloc(64, 'garbage'))],
  ])('stores nothing twice when the checkpoint %s', async (_what, spoil) => {
    await using house = await House.at(redis.url);
    const first = await house.start();
    house.write('a\nb\n');
    await house.untilStored(2);
    await first.stop();
    spoil(`${house.wal}/checkpoint`);
    const second = await house.start();
    await until(() => second.counts.duplicates === 2);
    house.write('c\n');
    await house.untilStored(3);
    expect(await house.lines()).toEqual(['a', 'b', 'c']);
  });

  it('gives no offset twice when it lost lines that Redis has, without a torn record to tell', async () => {
    await using house = await House.at(redis.url);
    const first = await house.start();
    house.write('a\nb\n');
    await house.untilStored(2);
    await first.stop();
    truncateSync(segments(house).at(-1) as string, 32);
    await house.start();
    house.write('c\nd\n');
    await house.untilStored(4);
    expect(await house.lines()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('gives no offset twice when its segments are lost', async () => {
    await using house = await House.at(redis.url);
    const first = await house.start();
    house.write('a\nb\n');
    await house.untilStored(2);
    await first.stop();
    for (const file of segments(house)) truncateSync(file, 0);
    for (const line of ['c', 'd']) {
      const shipper = await house.start();
      house.write(`${line}\n`);
      await house.untilStored(line === 'c' ? 3 : 4);
      await shipper.stop();
    }
    expect(await house.lines()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('removes segments that were shipped, where none are to be kept', async () => {
    await using house = await House.at(redis.url);
    const shipper = await house.start({ wal: { folder: house.wal, maxBytes: 2 ** 20, keepShippedBytes: 0 } });
    for (let i = 1; i <= 40; i++) {
      house.write(`${'x'.repeat(999)}\n`.repeat(60));
      await house.untilStored(60 * i);
    }
    await until(() => segments(house).length <= 2);
    expect(shipper.counts.walBytes).toBe(segments(house).reduce((sum, file) => sum + statSync(file).size, 0));
  });

  it('stops reading while its disk is full, and loses nothing', async () => {
    await using house = await House.at(redis.url);
    const shipper = await house.start({ wal: { folder: house.wal, maxBytes: 2 ** 20 } });
    const line = 'x'.repeat(999);
    symlinkSync('/dev/full', `${house.wal}/000000000002.wal`);
    for (let i = 1; i <= 3; i++) {
      house.write(`${line}\n`.repeat(60));
      await until(() => shipper.counts.readBytes === 60_000 * i);
    }
    house.write('a\n');
    await until(() => shipper.reported('walUnwritable').length === 1);
    expect(shipper.reported('walUnwritable')[0]?.reason.message).toMatch(/ENOSPC.* Free space on its disk/);
    expect(shipper.counts.paused).toBe(true);
    house.write('waits in the pipe\n');
    unlinkSync(`${house.wal}/000000000002.wal`);
    await house.untilStored(182);
    expect((await house.lines()).slice(-3)).toEqual([line, 'a', 'waits in the pipe']);
    expect(shipper.reported('walWritable').length).toBe(1);
    expect(shipper.counts.paused).toBe(false);
  });

  it('belongs to one shipper: a second one is refused with the process that has it', async () => {
    await using house = await House.at(redis.url);
    const first = await house.start();
    const second = house.create();
    await expect(second.start()).rejects.toMatchObject({
      code: 'WAL_LOCKED',
      message: expect.stringContaining(`${house.wal} is in use by process ${process.pid}: stop that shipper`),
    });
    house.write('a\n');
    await house.untilStored(1);
    await first.stop();
    await house.start();
    house.write('b\n');
    await house.untilStored(2);
  });

  it('is refused with what to do when its folder cannot be used', async () => {
    await using house = await House.at(redis.url);
    writeFileSync(house.wal, 'a file');
    await expect(house.create().start()).rejects.toThrow(/write-ahead log in .*\/wal cannot be opened: .*local disk/);
  });
});
