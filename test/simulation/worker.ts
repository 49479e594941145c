import { parentPort } from 'node:worker_threads';
import { range, runSeeds } from './totals.ts';

/** Runs the seeds it is sent, and sends back what became of them. */
parentPort?.on('message', async ({ from, count }: { from: number; count: number }) => {
  parentPort?.postMessage(await runSeeds(range(from, count)));
});
