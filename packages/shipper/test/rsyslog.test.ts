import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type RsyslogConfigOptions, rsyslogConfig } from '@distributary/shipper';
import { endProcess, freePort, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { House } from './test-shipper.ts';

const RSYSLOGD = '/usr/sbin/rsyslogd';
const COUNT = 10_000;

const describeWithRsyslog = existsSync(RSYSLOGD)
  ? describe
  : (name: string, define: () => void) => describe.skip(`${name} (needs rsyslogd: apt-get install rsyslog)`, define);

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const children = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of children) await endProcess(child);
});

/** rsyslogd with that configuration and nothing else. @returns the process and what it said */
async function startRsyslog(house: House, config: string): Promise<{ child: ChildProcess; said: () => string }> {
  const file = `${house.folder}/rsyslog.conf`;
  writeFileSync(file, config);
  let said = '';
  const child = spawn(RSYSLOGD, ['-n', '-f', file, '-i', `${house.folder}/rsyslogd.pid`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      said += bytes;
    });
  }
  return { child, said: () => said };
}

async function send(port: number, lines: readonly string[]): Promise<void> {
  const socket = await until(
    () =>
      new Promise<import('node:net').Socket>((resolve, reject) => {
        const attempt = connect(port, '127.0.0.1', () => resolve(attempt));
        attempt.once('error', reject);
      }),
  );
  socket.end(`${lines.join('\n')}\n`);
  await once(socket, 'close');
}

function firewallLine(number: number): string {
  return `<134>Nov 23 10:00:00 fw1 %ASA-4-106023: Deny tcp src outside:10.0.0.1/${number} dst inside:10.0.0.2/443`;
}

async function spool(house: House): Promise<RsyslogConfigOptions['fifo']> {
  const spoolFolder = `${house.folder}/spool`;
  mkdirSync(spoolFolder);
  const port = await freePort();
  return { pipe: house.pipe, spoolFolder, listen: [{ protocol: 'tcp', address: '127.0.0.1', port }] };
}

/** With priority, time, host, tag and text. */
const SHAPE = /^<134>\d{4}-11-23T10:00:00\S* fw1 %ASA-4-106023: Deny tcp src outside:10\.0\.0\.1\/(\d+) dst inside/;

function numbersIn(lines: readonly string[]): Set<number> {
  return new Set(lines.flatMap((line) => SHAPE.exec(line)?.[1] ?? []).map(Number));
}

/** Every line once. */
async function expectAll(house: House): Promise<void> {
  await house.untilStored(COUNT, 60_000);
  const lines = await house.lines();
  expect(lines.filter((line) => !SHAPE.test(line))).toEqual([]);
  expect(lines.length).toBe(COUNT);
  expect(numbersIn(lines).size).toBe(COUNT);
}

const LINES = Array.from({ length: COUNT }, (_, number) => firewallLine(number));

describeWithRsyslog('rsyslogd with the configuration that rsyslogConfig writes', () => {
  it('brings 10,000 lines through the named pipe', { timeout: 90_000 }, async () => {
    await using house = await House.at(redis.url);
    await house.start();
    const options = await spool(house);
    const { said } = await startRsyslog(house, rsyslogConfig('fifo', options));
    await send(options.listen?.[0]?.port ?? 0, LINES);
    await expectAll(house);
    expect(said()).not.toMatch(/error|lost/i);
  });

  it('cuts a long message so that its line fits into one write to the pipe, and keeps the next one whole', async () => {
    await using house = await House.at(redis.url);
    await house.start();
    const options = await spool(house);
    await startRsyslog(house, rsyslogConfig('fifo', options));
    const long = `${firewallLine(1)} ${'x'.repeat(6_000)}`;
    await send(options.listen?.[0]?.port ?? 0, [long, firewallLine(2)]);
    await house.untilStored(2);
    const [first = '', second] = await house.lines();
    expect(first.length).toBeGreaterThan(3_600);
    expect(first.length).toBeLessThan(4_096);
    expect(second).toMatch(/10\.0\.0\.1\/2 dst inside:10\.0\.0\.2\/443$/);
  });

  it('keeps lines in its queue until the shipper is there', async () => {
    await using house = await House.at(redis.url);
    const options = await spool(house);
    await startRsyslog(house, rsyslogConfig('fifo', options));
    await send(options.listen?.[0]?.port ?? 0, LINES.slice(0, 500));
    await house.start();
    await house.untilStored(500);
  });

  describe.each(['messages', 'transactions'] as const)('through omprog, confirming %s', (confirm) => {
    it('brings 10,000 lines', { timeout: 90_000 }, async () => {
      await using house = await House.at(redis.url);
      const { child, said, port, logFile } = await startOmprog(house, confirm);
      await send(port, LINES);
      await expectAll(house);
      await endProcess(child);
      expect(said()).not.toMatch(/error|lost/i);
      expect(existsSync(logFile) && readFileSync(logFile, 'utf8')).toBe(false);
    });

    it('loses no line when the shipper is killed meanwhile', { timeout: 90_000 }, async () => {
      await using house = await House.at(redis.url);
      const { port } = await startOmprog(house, confirm);
      await send(port, LINES.slice(0, 4_000));
      await house.untilStored(200);
      process.kill(await ownerOf(`${house.wal}/lock`), 'SIGKILL');
      await until(async () => numbersIn(await house.lines()).size === 4_000, { timeoutMs: 60_000 });
    });
  });
});

/** rsyslogd with a shipper that it starts itself. */
async function startOmprog(house: House, confirm: 'messages' | 'transactions') {
  const { pipe: _pipe, ...options } = await spool(house);
  const logFile = `${house.folder}/shipper.log`;
  const script = `${house.folder}/ship.sh`;
  const program = fileURLToPath(new URL('shipper-process.ts', import.meta.url));
  const node = [process.execPath, '--conditions=@distributary/source', '--disable-warning=ExperimentalWarning'];
  writeFileSync(script, `#!/bin/sh\nexec ${node.join(' ')} ${program} "$@"\n`);
  chmodSync(script, 0o755);
  const command = `${script} ${redis.url} ${house.stream} ${house.folder} ${confirm}`;
  const rsyslog = await startRsyslog(house, rsyslogConfig('omprog', { ...options, command, confirm, logFile }));
  return { ...rsyslog, logFile, port: options.listen?.[0]?.port ?? 0 };
}

/** The process that the lock of a write-ahead log names. */
async function ownerOf(lock: string): Promise<number> {
  const [told] = (await once(connect(lock), 'data')) as [Buffer];
  return Number(told);
}

describe('rsyslogConfig', () => {
  it('writes to Redis without the shipper, never trimming the stream', () => {
    const config = rsyslogConfig('omhiredis', { server: 'redis.example', stream: 'syslog_stream' });
    expect(config).toContain('mode="stream" key="syslog_stream" stream.outField="line"');
    expect(config).not.toMatch(/^[^#]*capacityLimit/m);
  });

  it('quotes what could end a value, and refuses what cannot be quoted', () => {
    expect(rsyslogConfig('fifo', { pipe: '/a "b"\\c$d' })).toContain('pipe="/a \\"b\\"\\\\c\\$d"');
    expect(() => rsyslogConfig('fifo', { pipe: '/a\n)' })).toThrow(/control character/);
  });
});
