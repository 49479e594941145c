import type { RoundResult } from '../chaos/round.ts';
import type { Hunt } from '../mutants/hunt.ts';
import type { Totals } from '../simulation/totals.ts';

/** What a night came to. */
export interface Night {
  readonly seeds: number;
  readonly simulated: Totals;
  readonly rounds: readonly RoundResult[];
  /** The first test of faults that failed, if any. */
  readonly failedTest: string | undefined;
  readonly mutants: Hunt;
  readonly knownMutants: number;
}

/** What real processes have to deliver in a whole night. */
const DELIVERIES_OF_A_NIGHT = 1_000_000;

/** The figures, of real processes and simulated apart. */
export function nightTable({ seeds, simulated, rounds, failedTest, mutants, knownMutants }: Night): string {
  const sum = (of: (round: RoundResult) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const injected = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);
  const violations = sum(({ tally }) => tally.violations.length);
  const rows: readonly (readonly [string, number | string, number | string])[] = [
    ['', 'processes', 'simulated'],
    ['seeds', seeds, simulated.seeds],
    ['entries', sum(({ counts }) => counts.entries), simulated.entries],
    ['deliveries', deliveriesOf(rounds), simulated.deliveries],
    ['faults injected', sum(({ tally }) => injected(tally.faults.values())), injected(Object.values(simulated.faults))],
    ['missing', sum(({ counts }) => counts.missing), 'see violations'],
    ['duplicates absorbed', sum(({ counts }) => counts.duplicates), simulated.duplicates],
    ['lost by Redis between two syncs', sum(({ counts }) => counts.lostByRedis), '-'],
    ['violations', violations, simulated.failures.length],
    ['tests of faults', failedTest === undefined ? 'all pass' : 'failed', '-'],
    ['mutants killed', `${mutants.found} of ${mutants.hunted} (${knownMutants} known)`, '-'],
  ];
  const [width = 0, ...widths] = [0, 1, 2].map((i) => Math.max(...rows.map((row) => formatted(row[i]).length)));
  return rows
    .map(([label, ...cells]) => [
      label.padEnd(width),
      ...cells.map((cell, i) => formatted(cell).padStart(widths[i] ?? 0)),
    ])
    .map((cells) => cells.join('  '))
    .join('\n');
}

/** What is not as it has to be, a sentence each. @param isWhole whether there was time for everything */
export function promisesBroken(night: Night, isWhole: boolean): string[] {
  const { simulated, rounds, failedTest, mutants, knownMutants } = night;
  const broken = rounds.filter(({ tally }) => tally.violations.length > 0).map(({ seed }) => seed);
  const deliveries = deliveriesOf(rounds);
  return [
    ...simulated.failures.map(({ seed, violation }) => `Simulated seed ${seed}: ${violation}`),
    ...broken.map((seed) => `The chaos of seed ${seed} broke a promise, see above.`),
    ...(failedTest === undefined ? [] : [`A test of faults failed: ${failedTest}`]),
    ...(mutants.found < mutants.hunted ? [`${mutants.hunted - mutants.found} mutants live, see above.`] : []),
    ...(isWhole && mutants.hunted < knownMutants
      ? [`There was time for ${mutants.hunted} of ${knownMutants} mutants: give more --minutes.`]
      : []),
    ...(isWhole && deliveries < DELIVERIES_OF_A_NIGHT
      ? [`${deliveries} deliveries are fewer than ${DELIVERIES_OF_A_NIGHT}: raise --rate or --minutes.`]
      : []),
  ];
}

function deliveriesOf(rounds: readonly RoundResult[]): number {
  return rounds.reduce((total, { counts }) => total + counts.deliveries, 0);
}

function formatted(value: number | string | undefined): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : (value ?? '');
}
