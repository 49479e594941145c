import type { Totals } from './totals.ts';

/** The table at the end of a run. */
export function reportOf(totals: Totals, tookMs: number): string {
  const faults = Object.entries(totals.faults).sort(([, a], [, b]) => b - a);
  const rows: [string, string | number][] = [
    ['seeds', totals.seeds],
    ['took', `${(tookMs / 1_000).toFixed(1)} s`],
    ['simulated', `${(totals.virtualMs / 3_600_000).toFixed(1)} h`],
    ['events', totals.events],
    ['entries', totals.entries],
    ['deliveries', totals.deliveries],
    ['crashes', totals.crashes],
    ['duplicates absorbed', totals.duplicates],
    ['dead letters', totals.deadLetters],
    ['lost, reported', totals.lost],
    ['handed back', totals.handedBack],
    ['resumed at a checkpoint', totals.resumed],
    ...faults.map(([kind, times]): [string, number] => [`fault: ${words(kind)}`, times]),
    ['violations', totals.failures.length],
  ];
  return rows.map(([name, value]) => `${name.padEnd(26)}${value.toLocaleString('en').padStart(12)}`).join('\n');
}

function words(kind: string): string {
  return kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
