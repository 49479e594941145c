import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { explain } from './explain.ts';
import { REGRESSIONS } from './regressions.ts';
import { reportOf } from './report.ts';
import { runSeed } from './run-seed.ts';
import { addTotals, runSeeds, type Totals } from './totals.ts';

/** How many seeds a thread is given at a time. */
const PORTION = 200;

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
  await inThreads(Number(values.from), Number(values.seeds), totals);
  console.log(reportOf(totals, performance.now() - startedAt));
  for (const failure of totals.failures.slice(0, EXPLAINED)) console.log(`\n${await explain(failure)}`);
  for (const { seed, violation } of totals.failures.slice(EXPLAINED)) console.log(`Seed ${seed}: ${violation}`);
  if (totals.failures.length > 0) process.exitCode = 1;
}

async function inThreads(from: number, count: number, totals: Totals): Promise<void> {
  let next = from;
  const end = from + count;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url));
      const give = () => {
        if (next >= end) {
          void worker.terminate();
          return resolve();
        }
        worker.postMessage({ from: next, count: Math.min(PORTION, end - next) });
        next += PORTION;
      };
      worker.on('message', (more: Totals) => {
        addTotals(totals, more);
        give();
      });
      worker.on('error', reject);
      give();
    });
  await Promise.all(Array.from({ length: Number(values.threads) }, work));
}
