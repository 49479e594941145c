import type { RoundResult } from './round.ts';

/** A round, or several together, as a table. */
export function table(results: readonly RoundResult[]): string {
  const sum = (numberOf: (result: RoundResult) => number) =>
    results.reduce((total, result) => total + numberOf(result), 0);
  const faults = new Map<string, number>();
  for (const { tally } of results)
    for (const [name, count] of tally.faults) faults.set(name, (faults.get(name) ?? 0) + count);
  const rows: [string, number | string][] = [
    ['entries', sum(({ counts }) => counts.entries)],
    ['deliveries', sum(({ counts }) => counts.deliveries)],
    ['duplicates absorbed', sum(({ counts }) => counts.duplicates)],
    ['dead letters', sum(({ counts }) => counts.deadLetters)],
    ['  of entries killed with twice alone', sum(({ counts }) => counts.convicted)],
    ['faults injected', [...faults.values()].reduce((total, count) => total + count, 0)],
    ...[...faults].sort().map(([name, count]): [string, number] => [`  ${name}`, count]),
    ['processes killed', sum(({ tally }) => tally.kills)],
    ['lines lost with a killed pipe reader', sum(({ counts }) => counts.linesLostInThePipe)],
    ['entries lost by a killed Redis between two syncs', sum(({ counts }) => counts.lostByRedis)],
    [
      'settled after the last fault, at most',
      `${(Math.max(...results.map((r) => r.settledAfterMs)) / 1_000).toFixed(1)} s`,
    ],
    ['missing', sum(({ counts }) => counts.missing)],
    ['violations', sum(({ tally }) => tally.violations.length)],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${formatted(value).padStart(10)}`).join('\n');
}

/** What went wrong in a round, where its traces are, and how to see it again; empty when nothing did. */
export function failure({ seed, tally, keptIn }: RoundResult, minutes: number): string {
  if (tally.violations.length === 0) return '';
  const again = `npm run chaos -- --seed ${seed} --minutes ${minutes}`;
  return [`Seed ${seed} broke a promise:`, ...tally.violations, `Logs and data: ${keptIn}`, `Again: ${again}`].join(
    '\n',
  );
}

function formatted(value: number | string): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : value;
}
