import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithRedisProcess, type StartedProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { type Copy, House, NOC, SECURITY, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

const KILLS = 10;
const LINES_PER_KILL = 2_000;

describeWithRedisProcess('a shipper that is killed ten times under load', () => {
  it('each line is in the stream once, and with each team once by eid', async () => {
    await using house = await House.open();
    house.run(NOC, SECURITY);
    const lines = firewallLines(KILLS * LINES_PER_KILL, 'shipped');
    let shipper = await house.ship();
    // A writer that stays, as rsyslog does, so that what is in the pipe outlives the shipper.
    await using writer = await open(house.pipe, 'r+');
    let seen = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const burst = lines.slice(kill * LINES_PER_KILL, (kill + 1) * LINES_PER_KILL);
      const written = writer.appendFile(burst.map((line) => `${line}\n`).join(''));
      await until(async () => Number(await house.admin.xlen(STREAM)) > seen, {
        describe: 'lines of the burst to arrive',
      });
      await shipper.end('SIGKILL');
      shipper = await house.ship();
      await written;
      seen = Number(await house.admin.xlen(STREAM));
    }
    const last = lines.at(-1) as string;
    await until(async () => (await linesInStream(house)).includes(last), { describe: 'the last line to arrive' });

    expect(await linesInStream(house)).toEqual(lines);
    for (const copies of [() => house.nocCopies(), () => house.securityCopies()]) {
      await until(async () => onceByEid(await copies()).length === lines.length);
      expect(onceByEid(await copies()).sort()).toEqual([...lines].sort());
    }
  });
});

const LINES_PER_SECOND = 5_000;
const AWAY_SECONDS = 10;
const TICKS_PER_SECOND = 50;
/** What a process that waits may grow by; the lines that wait are on disk. */
const FLAT_BYTES = 64 * 1024 * 1024;

describeWithRedisProcess('while Redis is away for ten seconds at 5,000 lines a second', () => {
  it('the shipper loses no line, stores none twice, and its memory stays flat', async () => {
    await using house = await House.open();
    const shipper = await house.ship();
    await using writer = await open(house.pipe, 'r+');
    const lines = firewallLines(LINES_PER_SECOND * (AWAY_SECONDS + 2), 'away');
    let written = 0;
    const writeSeconds = async (seconds: number) => {
      const startedAt = performance.now();
      for (let tick = 1; tick <= seconds * TICKS_PER_SECOND; tick++) {
        const burst = lines.slice(written, written + LINES_PER_SECOND / TICKS_PER_SECOND);
        await writer.appendFile(burst.map((line) => `${line}\n`).join(''));
        written += burst.length;
        await sleep(Math.max(0, startedAt + (tick * 1_000) / TICKS_PER_SECOND - performance.now()));
      }
    };
    await writeSeconds(1);
    await until(async () => Number(await house.admin.xlen(STREAM)) === written);
    const before = residentBytes(shipper);
    await house.redis.kill();
    await writeSeconds(AWAY_SECONDS);
    expect(residentBytes(shipper) - before).toBeLessThan(FLAT_BYTES);
    await house.redis.restart();
    await writeSeconds(1);
    await until(async () => Number(await house.admin.xlen(STREAM)) >= lines.length, { timeoutMs: 60_000 });
    expect(await linesInStream(house)).toEqual(lines);
  });
});

/** @returns what the process has in memory, as Linux counts it */
function residentBytes({ process: { pid } }: StartedProcess): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

async function linesInStream({ admin }: House): Promise<string[]> {
  const entries = await admin.xrange(STREAM, '-', '+');
  return entries.map(([, fields]) => String(fields[fields.indexOf('line') + 1]));
}

/** The line of each different eid. */
function onceByEid(copies: readonly Copy[]): string[] {
  return [...new Map(copies.map(({ eid, line }) => [eid, line])).values()];
}
