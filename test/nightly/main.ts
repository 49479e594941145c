import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { failure, table } from '../chaos/report.ts';
import { type RoundResult, runRound } from '../chaos/round.ts';
import { ROOT } from '../documents.ts';
import { firstFailure } from '../first-failure.ts';
import { hunt } from '../mutants/hunt.ts';
import { MUTANTS } from '../mutants/mutants.ts';
import { runInThreads } from '../simulation/run-in-threads.ts';
import { type Night, nightTable, promisesBroken } from './night.ts';

const USAGE = `npm run nightly -- [--seed 1] [--seeds 5] [--minutes 45] [--rate 1500]

The simulator, the chaos with that many seeds, the tests of faults in their large form, and the mutants, in about that
many minutes. Less than 45 gives each a part of its time and leaves the large form out below 20; what is under way is
finished. Exits with 1 when a promise is broken, a test fails, a mutant lives, or in 45 minutes fewer than a million
deliveries were made.`;

/** What 45 minutes are spent on; the mutants have the rest. */
const FULL_MINUTES = 45;
const SIMULATED_SEEDS_PER_SEED = 20_000;
const CHAOS_MINUTES_PER_SEED = 1.5;
const LARGE_FORM_FROM_MINUTES = 20;

/** Room for a million entries. */
const LARGE_TEST_TIMEOUT_MS = 900_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '5' },
    minutes: { type: 'string', default: String(FULL_MINUTES) },
    rate: { type: 'string', default: '1500' },
    help: { type: 'boolean', default: false },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
if (values.help) console.log(USAGE);
else await spend(positive('seed'), positive('seeds'), positive('minutes'));

async function spend(firstSeed: number, seeds: number, minutes: number): Promise<void> {
  const endsAt = performance.now() + minutes * 60_000;
  const share = Math.min(1, minutes / FULL_MINUTES);
  const night: Night = {
    seeds,
    simulated: await simulate(firstSeed, Math.ceil(share * seeds * SIMULATED_SEEDS_PER_SEED)),
    rounds: await chaos(firstSeed, seeds, share * CHAOS_MINUTES_PER_SEED * 60_000),
    failedTest: await testFaults(minutes >= LARGE_FORM_FROM_MINUTES),
    mutants: await hunt(MUTANTS, (text) => console.log(text), endsAt),
    knownMutants: MUTANTS.length,
  };
  console.log(`\n${nightTable(night)}`);
  const broken = promisesBroken(night, share === 1);
  for (const promise of broken) console.error(promise);
  if (broken.length > 0) process.exitCode = 1;
}

async function simulate(firstSeed: number, count: number) {
  console.log(`simulating ${count.toLocaleString('en-US')} seeds`);
  return runInThreads({ from: firstSeed, count }, availableParallelism());
}

async function chaos(firstSeed: number, seeds: number, durationMs: number): Promise<RoundResult[]> {
  const rounds: RoundResult[] = [];
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    console.log(`\nchaos of seed ${seed} for ${Math.round(durationMs / 1_000)} s`);
    const round = await runRound({ seed, durationMs, linesPerSecond: positive('rate') });
    rounds.push(round);
    console.log(table([round]));
    const text = failure(round, durationMs / 60_000);
    if (text) console.error(`\n${text}`);
  }
  return rounds;
}

function testFaults(isLarge: boolean): Promise<string | undefined> {
  console.log(`\ntests of faults${isLarge ? ', in their large form' : ''}`);
  const environment = isLarge ? { DISTRIBUTARY_NIGHTLY: '1' } : {};
  const files = ['faults', 'failpoint', 'crash', 'vanish', 'poison'];
  return firstFailure({ top: ROOT, workspace: 'test', files, timeoutMs: LARGE_TEST_TIMEOUT_MS, environment });
}

function positive(name: 'seed' | 'seeds' | 'minutes' | 'rate'): number {
  const value = Number(values[name]);
  if (value > 0 && (name === 'minutes' || Number.isInteger(value))) return value;
  console.error(`--${name} is ${JSON.stringify(values[name])}. Give a number above 0.\n\n${USAGE}`);
  process.exit(2);
}
