import { existsSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisConnection } from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, temporaryFolder, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { run, start } from './distributary.ts';

async function linesOf(redis: RedisFixture, stream = 'syslog_stream'): Promise<string[]> {
  const connection = new RedisConnection({ url: redis.url }, 'test');
  const entries = (await connection.call('XRANGE', stream, '-', '+')) as [Buffer, Buffer[]][];
  connection.close();
  return entries.map(([, fields]) => String(fields[1]));
}

describeWithRedisProcess('distributary ship', () => {
  /** Every line that a writer wrote who stays, while the shipper's command is killed again and again. */
  it('loses no line when it is killed ten times under load', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    const pipe = join(folder.path, 'pipe');
    const args = ['ship', '--fifo', pipe, '--wal', join(folder.path, 'wal'), '--name', 'killed'];
    const startShipper = async () => {
      const command = start(args, { REDIS_URL: redis.url });
      await until(() => command.log().some(({ msg }) => msg === 'running') && existsSync(pipe));
      return command;
    };
    let shipper = await startShipper();
    await using writer = await open(pipe, 'r+');
    let written = 0;
    const lineOf = (number: number) => `<134>fw1 line ${number} ${'x'.repeat(number % 150)}`;
    let writing = true;
    const load = (async () => {
      while (writing) {
        const burst = Array.from({ length: 200 }, () => `${lineOf(written++)}\n`);
        await writer.appendFile(burst.join(''));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    for (let kill = 0; kill < 10; kill++) {
      const seen = (await linesOf(redis)).length;
      await until(async () => (await linesOf(redis)).length > seen);
      await shipper.end('SIGKILL');
      shipper = await startShipper();
    }
    writing = false;
    await load;
    await until(async () => (await linesOf(redis)).length >= written);
    expect(await linesOf(redis)).toEqual(Array.from({ length: written }, (_, number) => lineOf(number)));
    expect((await shipper.end('SIGTERM')).code).toBe(0);
  });
});

it('starts its process again that was killed, and goes on', async () => {
  await using redis = await startRedis();
  await using folder = await temporaryFolder();
  const pipe = join(folder.path, 'pipe');
  await using shipper = start(['ship', '--fifo', pipe, '--wal', join(folder.path, 'wal')], { REDIS_URL: redis.url });
  await until(() => shipper.log().some(({ msg }) => msg === 'running') && existsSync(pipe));
  process.kill(Number(shipper.log().find(({ msg }) => msg === 'started')?.['pid']), 'SIGKILL');
  await until(() => shipper.log().filter(({ msg }) => msg === 'running').length === 2);
  await writeFile(pipe, 'after the kill\n');
  await until(async () => (await linesOf(redis)).includes('after the kill'));
  expect((await shipper.end('SIGTERM')).code).toBe(0);
});

it('ends at once where it cannot start, and says why', async () => {
  await using redis = await startRedis();
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  const { code, stdout } = await run(['ship', '--fifo', file, '--wal', join(folder.path, 'wal')], {
    environment: { REDIS_URL: redis.url },
  });
  expect(stdout).toContain('exists and is not a named pipe');
  expect(code).toBe(1);
});

it('speaks to rsyslog on standard output, and logs on standard error', async () => {
  await using redis = await startRedis();
  await using folder = await temporaryFolder();
  const args = [
    'ship',
    '--stdin',
    '--confirm',
    'messages',
    '--wal',
    join(folder.path, 'wal'),
    '--route',
    'local7=routed',
  ];
  const { code, stdout, stderr } = await run(args, {
    environment: { REDIS_URL: redis.url },
    input: '<190>to the route\n<134>to the default\n',
  });
  expect(stdout).toBe('OK\nOK\nOK\n');
  expect(stderr).toContain('standard input is at its end');
  expect(code).toBe(0);
  expect(await linesOf(redis, 'routed')).toEqual(['<190>to the route']);
  expect(await linesOf(redis)).toEqual(['<134>to the default']);
});

describeWithRedisProcess('distributary ship behind a Redis that lost what it had', () => {
  it('tells what Redis has lost, which of it is sent again and which the log no longer has', async () => {
    await using redis = await startRedis({ requireProcess: true });
    await using folder = await temporaryFolder();
    const pipe = join(folder.path, 'pipe');
    const wal = ['--wal', join(folder.path, 'wal'), '--wal-max', `${2 ** 20}`, '--wal-keep', '0', '--name', 'teller'];
    await using shipper = start(['ship', '--fifo', pipe, ...wal], { REDIS_URL: redis.url });
    await until(() => shipper.log().some(({ msg }) => msg === 'running') && existsSync(pipe));
    const lines = Array.from({ length: 2_000 }, (_, number) => `<134>fw1 line ${number} ${'x'.repeat(200)}`);
    await writeFile(pipe, `${lines.join('\n')}\n`);
    await until(async () => (await linesOf(redis)).length === lines.length);
    const connection = new RedisConnection({ url: redis.url }, 'test');
    await connection.call('FLUSHALL');
    connection.close();
    const again = await until(() => shipper.log().find(({ msg }) => String(msg).includes('they are sent again')));
    expect(again).toMatchObject({ streams: ['syslog_stream'] });
    const gap = shipper.log().find(({ msg }) => String(msg).includes('the log does not have them any more'));
    expect(gap?.['fromEid']).toMatch(/^teller\.[0-9a-f]{12}\.0$/);
    await until(async () => (await linesOf(redis)).at(-1) === lines.at(-1));
    const left = await linesOf(redis);
    expect(left).toEqual(lines.slice(-left.length));
  });
});
