import { Worker } from 'node:worker_threads';
import { addTotals, noTotals, type Totals } from './totals.ts';

/** How many seeds a thread is given at a time. */
const PORTION = 200;

/** Runs `count` seeds from `from` on, in so many threads. */
export async function runInThreads(
  { from, count }: { readonly from: number; readonly count: number },
  threads: number,
): Promise<Totals> {
  const totals = noTotals();
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
  await Promise.all(Array.from({ length: threads }, work));
  return totals;
}
