import { open } from 'node:fs/promises';
import { describeWithRedisProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { type Copy, House, NOC, SECURITY, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

const KILLS = 10;
const LINES_PER_KILL = 2_000;

describeWithRedisProcess('a shipper that is killed loses no line', () => {
  it('ten times under load: each line is in the stream, and once by eid with each team', async () => {
    await using house = await House.open();
    house.run(NOC, SECURITY);
    const lines = firewallLines(KILLS * LINES_PER_KILL, 'shipped');
    // A writer that stays, as rsyslog does, so that what is in the pipe outlives the shipper.
    let shipper = await house.ship();
    await using writer = await open(house.pipe, 'r+');
    for (let kill = 0; kill < KILLS; kill++) {
      const burst = lines.slice(kill * LINES_PER_KILL, (kill + 1) * LINES_PER_KILL);
      const written = writer.appendFile(burst.map((line) => `${line}\n`).join(''));
      await until(async () => Number(await house.admin.xlen(STREAM)) > kill * LINES_PER_KILL, {
        describe: 'some lines of the burst to be in the stream',
      });
      await shipper.end('SIGKILL');
      shipper = await house.ship();
      await written;
    }
    await until(async () => (await linesInStream(house)).size === lines.length, {
      timeoutMs: 60_000,
      describe: 'every line to be in the stream',
    });
    expect(await linesInStream(house)).toEqual(new Set(lines));
    for (const copies of [() => house.nocCopies(), () => house.securityCopies()]) {
      await until(async () => new Set((await copies()).map(({ line }) => line)).size === lines.length, {
        timeoutMs: 60_000,
      });
      const stored = await copies();
      expect(onceByEid(stored).sort()).toEqual([...lines].sort());
    }
  });
});

async function linesInStream({ admin }: House): Promise<Set<string>> {
  const lines = new Set<string>();
  for (const [, fields] of await admin.xrange(STREAM, '-', '+')) lines.add(String(fields[fields.indexOf('line') + 1]));
  return lines;
}

/** The line of each different eid. */
function onceByEid(copies: readonly Copy[]): string[] {
  return [...new Map(copies.map(({ eid, line }) => [eid, line])).values()];
}
