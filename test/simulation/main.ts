import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { explain } from './explain.ts';
import { REGRESSIONS } from './regressions.ts';
import { reportOf } from './report.ts';
import { runInThreads } from './run-in-threads.ts';
import { runSeed } from './run-seed.ts';
import { addTotals, runSeeds } from './totals.ts';

/** How many failing seeds are explained. */
const EXPLAINED = 3;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    from: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

if (values.seed === undefined) await many();
else await one(Number(values.seed), values.trace);

async function one(seed: number, trace: boolean): Promise<void> {
  const result = await runSeed(seed, { trace });
  for (const line of result.trace) console.log(line);
  console.log(result.violation === undefined ? `Seed ${seed}: no violation` : `Seed ${seed}: ${result.violation}`);
  if (result.violation !== undefined) process.exitCode = 1;
}

async function many(): Promise<void> {
  const startedAt = performance.now();
  const totals = await runSeeds(REGRESSIONS.map(({ seed }) => seed));
  const seeds = { from: Number(values.from), count: Number(values.seeds) };
  addTotals(totals, await runInThreads(seeds, Number(values.threads)));
  console.log(reportOf(totals, performance.now() - startedAt));
  for (const failure of totals.failures.slice(0, EXPLAINED)) console.log(`\n${await explain(failure)}`);
  for (const { seed, violation } of totals.failures.slice(EXPLAINED)) console.log(`Seed ${seed}: ${violation}`);
  if (totals.failures.length > 0) process.exitCode = 1;
}
