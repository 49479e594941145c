import { open } from 'node:fs/promises';
import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { type Copy, House, NOC, SECURITY, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

const KILLS = 10;
const LINES_PER_KILL = 2_000;
/** What a kill between a read of the pipe and its write to the log can cost: see the shipper's README. */
const READ_BYTES = 64 * 1024;

describeWithRedisProcess('a shipper that is killed ten times under load', () => {
  it('loses at most the read in hand, tears and doubles nothing, and each team has all that is in the stream', async () => {
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

    const arrived = await linesInStream(house);
    expect(new Set(arrived).size).toBe(arrived.length);
    const known = new Set(lines);
    const torn = arrived.filter((line) => !known.has(line));
    expect(torn.length).toBeLessThanOrEqual(KILLS);
    const arrivedLines = new Set(arrived);
    const lost = lines.filter((line) => !arrivedLines.has(line));
    expect(lost.join('\n').length).toBeLessThanOrEqual(KILLS * READ_BYTES);
    for (const copies of [() => house.nocCopies(), () => house.securityCopies()]) {
      await until(async () => onceByEid(await copies()).length === arrived.length);
      expect(onceByEid(await copies()).sort()).toEqual([...arrived].sort());
    }
  });
});

async function linesInStream({ admin }: House): Promise<string[]> {
  const entries = await admin.xrange(STREAM, '-', '+');
  return entries.map(([, fields]) => String(fields[fields.indexOf('line') + 1]));
}

/** The line of each different eid. */
function onceByEid(copies: readonly Copy[]): string[] {
  return [...new Map(copies.map(({ eid, line }) => [eid, line])).values()];
}
