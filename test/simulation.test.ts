import { expect, it } from 'vitest';
import { explain } from './simulation/explain.ts';
import { REGRESSIONS } from './simulation/regressions.ts';
import { runSeed } from './simulation/run-seed.ts';
import { range, runSeeds, type Totals } from './simulation/totals.ts';

/** As many as fit a few seconds; `npm run -s simulate -w test` runs more. */
const SEEDS = 3_000;

it('delivers, sets aside or reports every entry, whatever fails', async () => {
  await expectNoViolation(await runSeeds(range(1, SEEDS)));
});

it('does not fail again where it once failed', async () => {
  await expectNoViolation(await runSeeds(REGRESSIONS.map(({ seed }) => seed)));
});

it('goes the same way for the same seed', async () => {
  const seed = 4_711;
  const [once, again] = [await runSeed(seed, { trace: true }), await runSeed(seed, { trace: true })];
  expect(once.trace.length).toBeGreaterThan(10);
  expect(again.trace).toEqual(once.trace);
});

async function expectNoViolation({ failures }: Totals): Promise<void> {
  const [first] = failures;
  if (first) expect.fail(`${failures.length} seeds break an invariant.\n${await explain(first)}`);
}
