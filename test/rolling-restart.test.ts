import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithRedisProcess, type StartedProcess, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { builtCopy } from './built-copy.ts';
import { entryIds, House, NOC, SECURITY } from './house.ts';
import { firewallLines } from './lines.ts';

const GROUPS = ['noc_team', 'sec_team'] as const;

describeWithRedisProcess(
  'a rolling restart of three consumers of each of two teams under load, onto another build',
  () => {
    it('leaves nothing pending and no dead name, and both teams with everything', async () => {
      await using next = await builtCopy();
      await using house = await House.open();
      const running = async (started: StartedProcess): Promise<StartedProcess> => {
        const isRunning = () => started.log().filter(({ msg }) => msg === 'running').length === GROUPS.length;
        await until(isRunning, { describe: 'both consumers to run', timeoutMs: 60_000 });
        return started;
      };
      const old = await Promise.all(
        ['pod-a', 'pod-b', 'pod-c'].map((host) => running(house.runAs(host, NOC, SECURITY))),
      );
      const rolled = new AbortController();
      const loading = load(house, rolled.signal);

      for (const [i, process] of old.entries()) {
        await running(house.runFrom(next.path, `pod-${i}`, NOC, SECURITY));
        expect((await process.end('SIGTERM')).code).toBe(0);
      }
      rolled.abort();
      const ids = await loading;
      expect(ids.length).toBeGreaterThan(500);

      for (const group of GROUPS) {
        await until(
          async () => {
            const { pending, lagEntries } = await house.status(group);
            return pending === 0 && lagEntries === 0;
          },
          { timeoutMs: 60_000, describe: `${group} to have finished` },
        );
        const names = (await house.status(group)).consumers.map(({ name }) => name).toSorted();
        expect(names).toEqual(['pod-0-1', 'pod-1-1', 'pod-2-1']);
      }
      expect(entryIds(await house.nocCopies())).toEqual([...ids].sort());
      expect(entryIds(await house.securityCopies())).toEqual([...ids].sort());
    }, 240_000);
  },
);

/** Adds some hundred entries a second until the signal aborts. @returns the IDs of all */
async function load(house: House, until: AbortSignal): Promise<string[]> {
  const ids: string[] = [];
  while (!until.aborted) {
    ids.push(...(await house.add(firewallLines(20))));
    await sleep(50);
  }
  return ids;
}
