import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { FacilityName } from '@distributary/shipper';
import { type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { House } from './test-shipper.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Writes as a process of its own, for a pipe takes only 64 KiB at once. */
async function writeAll(pipe: string, bytes: Buffer): Promise<void> {
  const writer = spawn('sh', ['-c', 'cat > "$0"', pipe], { stdio: ['pipe', 'inherit', 'inherit'] });
  writer.stdin.end(bytes);
  await once(writer, 'exit');
}

const AWKWARD = [
  ['NULs', Buffer.from('a\0b\0\0c')],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0xff, 0xfe, 0x80, 0xed, 0xa0, 0x80, 0x62])],
  ['a carriage return', Buffer.from('a\r')],
  ['spaces around', Buffer.from('  a\t ')],
  ['5,000 bytes', Buffer.alloc(5_000, 'x')],
  ['as many bytes as are allowed', Buffer.alloc(65_536, 'y')],
] as const;

describe.each([{ wal: true }, { wal: false }])('a shipper on a named pipe (write-ahead log: $wal)', ({ wal }) => {
  const options = wal ? {} : { wal: false as const };

  it.each(AWKWARD)('carries the line unchanged: %s', async (_what, line) => {
    await using house = await House.at(redis.url);
    await house.start(options);
    const newline = Buffer.from('\n');
    await writeAll(house.pipe, Buffer.concat([Buffer.from('before\n'), line, newline, Buffer.from('behind\n')]));
    await house.untilStored(3);
    const stored = (await house.entries()).map((entry) => entry.line.toString('hex'));
    expect(stored).toEqual(['before', line, 'behind'].map((one) => Buffer.from(one as string).toString('hex')));
  });

  it('carries a line of 1 MB when that is allowed', async () => {
    await using house = await House.at(redis.url);
    await house.start({ ...options, maxLineBytes: 2 ** 20 });
    const line = Buffer.alloc(2 ** 20, 'z');
    await writeAll(house.pipe, Buffer.concat([line, Buffer.from('\nbehind\n')]));
    await house.untilStored(2);
    const [first, second] = await house.entries();
    expect(first?.line.equals(line)).toBe(true);
    expect(String(second?.line)).toBe('behind');
  });

  it('cuts a line that is too long, counts it, and goes on behind it', async () => {
    await using house = await House.at(redis.url);
    const shipper = await house.start({ ...options, maxLineBytes: 1_000 });
    const long = Buffer.alloc(2 ** 20, 'z');
    await writeAll(house.pipe, Buffer.concat([Buffer.from('before\n'), long, Buffer.from('\nbehind\n'), long]));
    await house.untilStored(4);
    expect(await house.lines()).toEqual(['before', 'z'.repeat(1_000), 'behind', 'z'.repeat(1_000)]);
    expect(shipper.counts).toMatchObject({ cut: 2, lines: 4, stored: 4 });
    expect(shipper.reported('linesCut').reduce((sum, { count }) => sum + count, 0)).toBe(2);
  });

  it('skips empty lines and counts them', async () => {
    await using house = await House.at(redis.url);
    const shipper = await house.start(options);
    house.write('\n\na\n\nb\n');
    await house.untilStored(2);
    expect(await house.lines()).toEqual(['a', 'b']);
    expect(shipper.counts).toMatchObject({ empty: 3, lines: 2 });
  });

  it('goes on when writers come and go, also within a line', async () => {
    await using house = await House.at(redis.url);
    const shipper = await house.start(options);
    for (let i = 0; i < 50; i++) {
      house.write(`line ${i}\nhalf `);
      house.write(`of ${i}\n`);
    }
    await house.untilStored(100);
    const expected = Array.from({ length: 50 }, (_, i) => [`line ${i}`, `half of ${i}`]).flat();
    expect(await house.lines()).toEqual(expected);
    expect(shipper.state).toBe('running');
  });

  it('ships what is in the pipe when it is stopped', async () => {
    await using house = await House.at(redis.url);
    const shipper = await house.start(options);
    house.write('first\n');
    await house.untilStored(1);
    house.write(`${'x'.repeat(99)}\n`.repeat(600));
    await shipper.stop();
    expect(await house.length()).toBe(601);
    expect(shipper.counts).toMatchObject({ waitingBytes: 0 });
    await shipper.finished;
  });
});

describe('the named pipe', () => {
  it('is created with its mode, and used as it is when it exists', async () => {
    await using house = await House.at(redis.url);
    const first = await house.start({ input: { kind: 'fifo', path: house.pipe, mode: 0o622 } });
    expect(statSync(house.pipe).mode & 0o777).toBe(0o622);
    await first.stop();
    await house.start();
    expect(statSync(house.pipe).mode & 0o777).toBe(0o622);
    house.write('a\n');
    await house.untilStored(1);
  });

  it('is refused when it is a file, and the file stays as it is', async () => {
    await using house = await House.at(redis.url);
    writeFileSync(house.pipe, 'precious');
    const shipper = house.create();
    await expect(shipper.start()).rejects.toThrow(/exists and is not a named pipe\. Remove it/);
    await expect(shipper.finished).rejects.toThrow(/not a named pipe/);
    expect(shipper.state).toBe('stopped');
    expect(statSync(house.pipe).size).toBe(8);
  });

  it('is refused where it cannot be created, with what to do', async () => {
    await using house = await House.at(redis.url);
    const shipper = house.create({ input: { kind: 'fifo', path: `${house.folder}/absent/pipe` } });
    await expect(shipper.start()).rejects.toThrow(/absent\/pipe cannot be created: .*Create its folder/);
  });

  it('is created again when somebody removes it, and opened again when somebody replaces it', async () => {
    await using house = await House.at(redis.url);
    const shipper = await house.start();
    rmSync(house.pipe);
    await until(() => shipper.reported('pipeReopened').length === 1);
    house.write('after the removal\n');
    await house.untilStored(1);
    const other = spawn('mkfifo', [`${house.folder}/other`]);
    await once(other, 'exit');
    renameSync(`${house.folder}/other`, house.pipe);
    await until(() => shipper.reported('pipeReopened').length === 2);
    house.write('after the replacement\n');
    await house.untilStored(2);
    expect(await house.lines()).toEqual(['after the removal', 'after the replacement']);
  });
});

describe('routes', () => {
  it('send lines to streams by facility, and the others to the default stream, counted', async () => {
    await using house = await House.at(redis.url);
    const audit = `${house.stream}:audit`;
    const mail = `${house.stream}:mail`;
    const routes = new Map<FacilityName, string>([
      ['authpriv', audit],
      ['mail', mail],
      ['local7', audit],
    ]);
    const shipper = await house.start({ routes });
    const lines = [
      '<86>a1',
      '<22>m1',
      '<134>d1',
      'no priority',
      '<191>a2',
      '<192>too high',
      '<2x>no',
      '<>no',
      '<22>m2',
    ];
    house.write(`${lines.join('\n')}\n`);
    await until(() => shipper.counts.stored === lines.length);
    expect(await house.lines(audit)).toEqual(['<86>a1', '<191>a2']);
    expect(await house.lines(mail)).toEqual(['<22>m1', '<22>m2']);
    expect(await house.lines()).toEqual(['<134>d1', 'no priority', '<192>too high', '<2x>no', '<>no']);
    expect(shipper.counts.unrouted).toBe(5);
    const eids = (await Promise.all([house.stream, audit, mail].map((stream) => house.entries(stream)))).flat();
    expect(new Set(eids.map(({ eid }) => eid)).size).toBe(lines.length);
  });
});

describe('options', () => {
  it.each([
    [{ stream: '' }, /stream is empty/],
    [{ name: 'a b' }, /name is "a b": use 1 to 64/],
    [{ maxLineBytes: 0 }, /maxLineBytes is 0: use a whole number from 1/],
    [{ wal: { folder: '/tmp/x', maxBytes: 10 } }, /wal\.maxBytes is 10/],
    [{ routes: new Map([['local9', 's']]) as never }, /facility "local9"/],
  ])('are refused with the name of what is wrong (%#)', async (options, complaint) => {
    await using house = await House.at(redis.url);
    expect(() => house.create(options)).toThrow(complaint);
  });
});
