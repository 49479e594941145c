import type { FaultKind } from './faults.ts';
import { runSeed, type SeedResult } from './run-seed.ts';

/** A seed that broke an invariant. */
export interface Failure {
  readonly seed: number;
  readonly violation: string;
}

/** What became of many seeds together. Plain data, so that a thread can send it. */
export interface Totals {
  seeds: number;
  entries: number;
  deliveries: number;
  crashes: number;
  duplicates: number;
  deadLetters: number;
  lost: number;
  handedBack: number;
  resumed: number;
  events: number;
  virtualMs: number;
  faults: Partial<Record<FaultKind, number>>;
  failures: Failure[];
}

export function noTotals(): Totals {
  return {
    seeds: 0,
    entries: 0,
    deliveries: 0,
    crashes: 0,
    duplicates: 0,
    deadLetters: 0,
    lost: 0,
    handedBack: 0,
    resumed: 0,
    events: 0,
    virtualMs: 0,
    faults: {},
    failures: [],
  };
}

/** Runs seeds one after the other. */
export async function runSeeds(seeds: Iterable<number>): Promise<Totals> {
  const totals = noTotals();
  for (const seed of seeds) {
    addTotals(totals, totalsOf(await runSeed(seed)));
    // What has ended is let go of only when the event loop turns.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return totals;
}

export function addTotals(totals: Totals, more: Totals): void {
  totals.seeds += more.seeds;
  totals.entries += more.entries;
  totals.deliveries += more.deliveries;
  totals.crashes += more.crashes;
  totals.duplicates += more.duplicates;
  totals.deadLetters += more.deadLetters;
  totals.lost += more.lost;
  totals.handedBack += more.handedBack;
  totals.resumed += more.resumed;
  totals.events += more.events;
  totals.virtualMs += more.virtualMs;
  totals.failures.push(...more.failures);
  for (const [kind, times] of Object.entries(more.faults) as [FaultKind, number][]) {
    totals.faults[kind] = (totals.faults[kind] ?? 0) + times;
  }
}

/** From `from` on, so many. */
export function* range(from: number, count: number): Generator<number> {
  for (let seed = from; seed < from + count; seed++) yield seed;
}

function totalsOf({ seed, violation, trace, faults, ...counts }: SeedResult): Totals {
  const failures = violation === undefined ? [] : [{ seed, violation }];
  return { seeds: 1, ...counts, faults: Object.fromEntries(faults), failures };
}
