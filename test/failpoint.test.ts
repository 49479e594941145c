import type { Failpoint } from '@distributary/core';
import { describeWithRedisProcess, type StartedProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { startCommand } from './commands.ts';
import { entryIds, House, NOC, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

const GROUP = 'noc_team';
const CLAIM_IDLE_MS = 600;

/** What has to be so for a consumer to pass the failpoint at all. */
const PASSED = {
  'after-group-create': 'always',
  'after-read': 'always',
  'after-own-read': 'what it held before is pending',
  'after-claim': 'what another held is idle',
  'before-deliver': 'always',
  'after-deliver': 'always',
  'before-acknowledge': 'always',
  'after-acknowledge': 'always',
  'before-dead-letter': 'always',
  'after-dead-letter': 'always',
  'before-renew': 'the destination is slow',
  'after-note': 'what it held before was handed out often',
  'before-checkpoint': 'always',
  'after-checkpoint': 'always',
  'after-recreate': 'its group vanishes',
  'before-hand-back': 'it is to stop amid a delivery',
  'after-hand-back': 'it is to stop amid a delivery',
} as const satisfies Record<Failpoint, string>;

describeWithRedisProcess('a consumer that is killed at a failpoint', () => {
  for (const [failpoint, when] of Object.entries(PASSED)) {
    it.concurrent(`${failpoint} loses nothing, and nothing is wrongly set aside: its successor delivers the rest`, async () => {
      await using house = await House.open();
      const ids = await house.add(firewallLines(60));
      const undecodable = await house.admin.xadd(STREAM, '*', 'note', 'has no line');
      if (when === 'what it held before is pending') await readAs(house, 'first-1');
      if (when === 'what another held is idle') await readAs(house, 'gone');
      if (when === 'what it held before was handed out often') await readAgainAndAgain(house, 'first-1');
      if (when === 'the destination is slow') await house.elasticsearch.faults?.set({ kind: 'slow', ms: 2_000 });
      if (when === 'it is to stop amid a delivery') await house.elasticsearch.faults?.set({ kind: 'slow', ms: 60_000 });

      await using first = start(house, 'first', { DISTRIBUTARY_FAILPOINT: `${failpoint}:nth=1:kill` });
      if (when === 'its group vanishes') {
        await house.settled(GROUP);
        await house.admin.xgroup('DESTROY', STREAM, GROUP);
      }
      if (when === 'it is to stop amid a delivery') {
        await until(async () => (await house.status(GROUP)).pending > 0);
        first.process.kill('SIGTERM');
      }
      await until(
        () => first.log().some(({ msg, signal }) => [ENDED, ENDED_EARLY].includes(`${msg}`) && signal === 'SIGKILL'),
        {
          describe: `the process to be killed ${failpoint}`,
        },
      );
      await first.end('SIGKILL');
      await house.elasticsearch.faults?.clear();

      await using _successor = start(house, 'successor');
      await house.settled(GROUP);
      expect(entryIds(await house.nocCopies())).toEqual([...ids].sort());
      const times = when === 'its group vanishes' ? 2 : 1;
      expect(await house.setAside(GROUP)).toEqual(Array(times).fill(`${undecodable} undecodable`));
    });
  }
});

describeWithRedisProcess('a consumer that meets an error of its own', () => {
  it('at every failpoint goes on, and delivers everything once', async () => {
    await using house = await House.open();
    const thrown = Object.keys(PASSED).filter((failpoint) => failpoint !== 'after-group-create');
    const spec = thrown.map((failpoint) => `${failpoint}:nth=1:throw`).join(',');
    const ids = await house.add(firewallLines(60));
    const undecodable = await house.admin.xadd(STREAM, '*', 'note', 'has no line');
    await readAs(house, 'first-1', 20);
    await readAs(house, 'gone', 20);
    await house.elasticsearch.faults?.next(3, { kind: 'slow', ms: 500 });
    await using consumer = start(house, 'first', { DISTRIBUTARY_FAILPOINT: spec });
    await house.settled(GROUP);
    expect(entryIds(await house.nocCopies())).toEqual([...ids].sort());
    expect(await house.setAside(GROUP)).toEqual([`${undecodable} undecodable`]);
    await house.admin.xgroup('DESTROY', STREAM, GROUP);
    ids.push(...(await house.add(firewallLines(10, 'after'))));
    await house.settled(GROUP);
    expect(entryIds(await house.nocCopies())).toEqual([...ids].sort());
    expect(consumer.log().filter(({ msg }) => msg === ENDED)).toEqual([]);
  });

  it('that names no failpoint refuses to start, and says which there are', async () => {
    await using house = await House.open();
    for (const spec of ['after-lunch:kill', 'after-read', 'after-read:nth=0:kill', 'after-read:explode']) {
      await using consumer = start(house, 'first', { DISTRIBUTARY_FAILPOINT: spec });
      expect((await consumer.ended).code).toBe(2);
      const said = consumer.log().map(({ msg }) => msg);
      expect(said).toContainEqual(expect.stringContaining(`${JSON.stringify(spec)}. Write <name>[:nth=<n>]`));
      expect(said).toContainEqual(expect.stringContaining(Object.keys(PASSED)[0] as string));
    }
  });
});

/** What the supervisor says of a consumer that nobody ended. */
const ENDED = 'ended unasked and is started again';

/** What it says of one that ends in another way than it was asked to. */
const ENDED_EARLY = 'ended before it had drained; what it had in hand is not lost';

function start(house: House, name: string, environment: Record<string, string> = {}): StartedProcess {
  return startCommand(['run', NOC, '--drain-timeout', '3'], {
    ...house.environment,
    DISTRIBUTARY_CONSUMER: name,
    DISTRIBUTARY_CLAIM_IDLE_MS: String(CLAIM_IDLE_MS),
    ...environment,
  });
}

/** Takes entries and ends amid their delivery, four times. */
async function readAgainAndAgain(house: House, consumer: string): Promise<void> {
  await readAs(house, consumer);
  for (let again = 0; again < 3; again++) {
    await house.admin.xreadgroup('GROUP', GROUP, consumer, 'STREAMS', STREAM, '0');
  }
}

/** Takes entries without acknowledging them, as a consumer that has ended since. */
async function readAs({ admin }: House, consumer: string, count = 1_000): Promise<void> {
  await admin.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM').catch(() => undefined);
  await admin.xreadgroup('GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', STREAM, '>');
}
