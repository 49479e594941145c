import { runSeed } from './run-seed.ts';
import type { Failure } from './totals.ts';

const LAST_EVENTS = 40;

/** What a seed did wrong, what happened before, and how to see it again. */
export async function explain({ seed, violation }: Failure): Promise<string> {
  const again = await runSeed(seed, { trace: true });
  const repeated = again.violation === violation ? [] : [`It went another way when repeated: ${again.violation}`];
  return [
    `Seed ${seed}: ${violation}`,
    ...repeated,
    ...again.trace.slice(-LAST_EVENTS).map((line) => `  ${line}`),
    `Repeat it with: npm run -s simulate -w test -- --seed ${seed} --trace`,
  ].join('\n');
}
