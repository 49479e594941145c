import { setTimeout as sleep } from 'node:timers/promises';
import { groupStatus } from '@distributary/core';
import { until } from '@distributary/testing';
import { Random } from '../simulation/random.ts';
import { auditAcknowledged, type Counts, judge } from './oracle.ts';
import { type Step, scheduleOf } from './schedule.ts';
import { REPLICAS, Site, STREAM, TEAMS } from './site.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

export interface RoundOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly linesPerSecond: number;
}

export interface RoundResult {
  readonly seed: number;
  readonly counts: Counts;
  readonly tally: Tally;
  /** From the end of the last fault until nothing was pending and nothing left to read. */
  readonly settledAfterMs: number;
  /** Where the logs and Redis's data are, after a violation. */
  readonly keptIn: string | undefined;
}

/** The supervisor's longest pause before it starts a consumer again, a request's deadline, and the work itself. */
const SETTLES_WITHIN_MS = 75_000;

const AUDIT_EVERY_MS = 9_000;

/** Faults as the seed has them while lines flow; then none, everything settles, and the oracle judges. */
export async function runRound({ seed, durationMs, linesPerSecond }: RoundOptions): Promise<RoundResult> {
  const tally = new Tally();
  const schedule = scheduleOf(seed, durationMs);
  await using site = await Site.open(seed % 2 === 0 ? 'always' : 'everysec');
  await site.start();
  const traffic = await Traffic.start(site, linesPerSecond, new Random(seed));
  const endsAt = performance.now() + durationMs;
  await Promise.all([inject(site, tally, schedule, endsAt), audit(site, tally, endsAt)]);
  const lastLine = await traffic.end();
  const settledAfterMs = await settle(site, tally, lastLine);
  for (const name of TEAMS) {
    const drained = (await site.teams[name].command.drain()) ?? 'not in time';
    if (drained !== 'with 0') tally.violated(`with nothing to do, SIGTERM ended ${name} ${drained}`);
  }
  const counts = await judge(site, traffic, tally);
  if (tally.violations.length === 0) return { seed, counts, tally, settledAfterMs, keptIn: undefined };
  await site.keep({ 'faults.log': tally.log, 'violations.txt': tally.violations.join('\n') });
  return { seed, counts, tally, settledAfterMs, keptIn: site.folder };
}

/** Each place on its own; what is late because the fault before took longer is left out at the end. */
async function inject(site: Site, tally: Tally, schedule: readonly Step[], endsAt: number): Promise<void> {
  const startedAt = performance.now();
  const places = Map.groupBy(schedule, ({ place }) => place);
  const injectAll = async (steps: readonly Step[]) => {
    for (const { place, scenario, atMs, forMs, seed } of steps) {
      await sleep(Math.max(0, startedAt + atMs - performance.now()));
      if (performance.now() > endsAt) return;
      tally.injected(scenario.name);
      tally.note(`${place}: ${scenario.name} for ${forMs} ms`);
      try {
        await scenario.inject({ site, tally, random: new Random(seed), lasted: () => sleep(forMs) });
      } catch (thrown) {
        tally.violated(`${scenario.name} at ${place} could not be injected or healed: ${thrown}`);
      }
      tally.note(`${place}: ${scenario.name} is over`);
    }
  };
  await Promise.all([...places.values()].map(injectAll));
}

async function audit(site: Site, tally: Tally, endsAt: number): Promise<void> {
  while (performance.now() + AUDIT_EVERY_MS < endsAt) {
    await sleep(AUDIT_EVERY_MS);
    for (const name of TEAMS) await auditAcknowledged(site, site.teams[name], tally);
  }
}

/** @returns milliseconds until nothing was left to do */
async function settle(site: Site, tally: Tally, lastLine: string): Promise<number> {
  const startedAt = performance.now();
  tally.note('all faults are over');
  const within = (describe: string) => ({ timeoutMs: startedAt + SETTLES_WITHIN_MS - performance.now(), describe });
  try {
    await until(() => hasArrived(site, lastLine), within('the last line to be in the stream'));
    for (const name of TEAMS) {
      await until(() => isDrained(site, name), within(`${name} to have acknowledged it all`));
      // What is still being loaded does not know SIGTERM yet.
      await until(() => site.teams[name].command.consumersBegun >= REPLICAS, within(`${name} to run`));
    }
  } catch (thrown) {
    tally.violated(`not settled: ${thrown}`);
  }
  return performance.now() - startedAt;
}

async function hasArrived({ admin }: Site, line: string): Promise<boolean> {
  const newest = await admin.xrevrange(STREAM, '+', '-', 'COUNT', 1_000);
  return newest.some(([, fields]) => fields.includes(line));
}

async function isDrained(site: Site, name: (typeof TEAMS)[number]): Promise<boolean> {
  const { group } = site.teams[name];
  const { exists, pending, lagEntries, lagMs } = await groupStatus(site.status, { stream: STREAM, group });
  // A team that has not begun yet has nothing pending either.
  return exists && pending === 0 && lagMs === 0 && (lagEntries ?? 0) === 0;
}
