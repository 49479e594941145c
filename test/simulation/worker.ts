import { parentPort } from 'node:worker_threads';
import { range, runSeeds } from './totals.ts';

// A quarter of the time is spent on stacks of errors that the simulation means to happen; a failing seed is run again
// outside of here to be explained.
Error.stackTraceLimit = 0;

/** Runs the seeds it is sent, and sends back what became of them. */
parentPort?.on('message', async ({ from, count }: { from: number; count: number }) => {
  parentPort?.postMessage(await runSeeds(range(from, count)));
});
