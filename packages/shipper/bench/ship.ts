import { type ChildProcess, spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { RedisConnection } from '@distributary/core';
import { Shipper } from '@distributary/shipper';
import { startRedis, temporaryFolder, until } from '@distributary/testing';

/**
 * Prints how fast lines go from a named pipe into Redis, with and without a write-ahead log, as one JSON line each:
 * `node --conditions=@distributary/source bench/ship.ts --lines 1000000 --bytes 200`
 */
const { values } = parseArgs({
  options: { lines: { type: 'string', default: '1000000' }, bytes: { type: 'string', default: '200' } },
});
const lines = Number(values.lines);
const lineBytes = Number(values.bytes);

/** A process that writes numbered lines of that length into the pipe as fast as it takes them. */
function startWriter(pipe: string): ChildProcess {
  const program = `
    const { openSync, writeSync } = require('node:fs');
    const pipe = openSync(${JSON.stringify(pipe)}, 'w');
    const head = '<134>Nov 23 10:00:00 fw1 %ASA-4-106023: Deny tcp src ';
    for (let n = 0; n < ${lines}; ) {
      let text = '';
      for (let i = 0; i < 320 && n < ${lines}; i++, n++) text += (head + n).padEnd(${lineBytes} - 1, 'x') + '\\n';
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(pipe, bytes, at);
    }`;
  return spawn(process.execPath, ['-e', program], { stdio: 'inherit' });
}

async function measure(wal: boolean): Promise<void> {
  await using folder = await temporaryFolder();
  await using redis = await startRedis();
  const connection = new RedisConnection({ url: redis.url }, 'bench');
  await connection.call('DEL', 'bench');
  const path = `${folder.path}/pipe`;
  await using shipper = new Shipper({
    redis: connection,
    stream: 'bench',
    input: { kind: 'fifo', path },
    wal: wal && { folder: `${folder.path}/wal` },
  });
  let calls = 0;
  shipper.on('stored', () => {
    calls++;
  });
  await shipper.start();
  const cpu = process.cpuUsage();
  const started = performance.now();
  const writer = startWriter(path);
  await until(() => shipper.counts.stored === lines, { timeoutMs: 120_000, describe: 'all lines to be stored' });
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const rssMiB = Math.round(process.memoryUsage.rss() / 2 ** 20);
  writer.kill();
  const cpuSeconds = (user + system) / 1e6;
  const figures = {
    wal,
    lines,
    lineBytes,
    linesPerSecond: Math.round(lines / seconds),
    linesPerCpuSecond: Math.round(lines / cpuSeconds),
    linesPerCall: Math.round(lines / calls),
    rssMiB,
    redis: redis.describe,
  };
  console.log(JSON.stringify(figures));
  await shipper.stop();
  connection.close();
}

await measure(true);
await measure(false);
