import { asError, RedisConnection, type StreamConsumer, systemClock } from '@distributary/core';
import type { ReportJob } from './job-events.ts';
import { jobKey } from './job-keys.ts';
import { isForbidden, jobPermissions } from './job-permissions.ts';
import type { CreateConsumer } from './lent-sink.ts';

/** How often it is looked for the first job: a command of a few microseconds. */
const LOOK_MS = 1_000;

/** A process that ends waits no longer than this for a job to be put back; after that, its lock runs out. */
const CLOSE_WITHIN_MS = 1_000;

/** Where a job is that has not ended. */
const LISTS = ['wait', 'active', 'delayed', 'prioritized', 'paused'];

/**
 * Runs the jobs of a consumer's group beside the consumer, for as long as that runs. Until there is a job it only looks
 * for one, by a command a second; what running one takes is loaded then. Nothing of this reaches the consumer: a process
 * that may not run jobs, or whose jobs cannot reach Redis, delivers all the same.
 * @param consumer one that was started
 * @returns to be disposed of when the consumer has stopped; jobs are handed on as soon as it drains
 */
export function hostJobs(
  consumer: StreamConsumer<unknown>,
  create: CreateConsumer,
  report: ReportJob,
): AsyncDisposable {
  const stopping = new AbortController();
  consumer.on('stateChanged', () => stopping.abort());
  if (consumer.state !== 'running') stopping.abort();
  const hosting = host(consumer, create, report, stopping.signal).catch((thrown: unknown) => {
    const reason = asError(thrown);
    const remedy = isForbidden(reason) ? jobPermissions(consumer.identity) : undefined;
    report('unable', { reason, ...(remedy ? { remedy } : {}) });
  });
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      const enough = new AbortController();
      await Promise.race([hosting, systemClock.sleep(CLOSE_WITHIN_MS, enough.signal)]);
      enough.abort();
    },
  };
}

async function host(
  consumer: StreamConsumer<unknown>,
  create: CreateConsumer,
  report: ReportJob,
  signal: AbortSignal,
): Promise<void> {
  if (!(await firstJob(consumer, report, signal))) return;
  const { JobWorker } = await import('./job-worker.ts');
  await using worker = new JobWorker(consumer, create, report);
  await Promise.race([worker.forbidden, aborted(signal)]);
}

/** @returns whether there is a job; false when the signal aborted first */
async function firstJob(
  { identity, redisOptions }: StreamConsumer<unknown>,
  report: ReportJob,
  signal: AbortSignal,
): Promise<boolean> {
  const connection = new RedisConnection(redisOptions, `${identity.group}:${identity.consumer}:jobs`);
  const keys = LISTS.map((list) => jobKey(identity, list));
  let troubled = false;
  try {
    while (!signal.aborted) {
      try {
        if (Number(await connection.call('EXISTS', ...keys)) > 0) return true;
        troubled = false;
      } catch (thrown) {
        if (isForbidden(asError(thrown))) throw thrown;
        if (!troubled) report('troubled', { reason: asError(thrown) });
        troubled = true;
      }
      await systemClock.sleep(LOOK_MS, signal);
    }
    return false;
  } finally {
    connection.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
