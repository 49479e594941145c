import { groupStatus, type RedisConnection, systemClock } from '@distributary/core';
import type { JobQueue, JobView } from '@distributary/replay';
import type { GroupChoice } from './group-choice.ts';
import { ProgressView } from './progress-view.ts';

const LOOK_MS = 250;

/** A process looks for jobs once a second; one that still waits after this has nobody to run it, or another before it. */
const UNHEARD_MS = 3_000;

/** A consumer that is alive asks Redis for something more often than this. */
const SILENT_AFTER_MS = 30_000;

/** Shows how a job goes until it has ended, or the signal aborts. @returns undefined when there is no such job (any more) */
export async function followJob(
  queue: JobQueue,
  id: string,
  { choice, connection, signal }: { choice: GroupChoice; connection: RedisConnection; signal: AbortSignal },
): Promise<JobView | undefined> {
  using view = new ProgressView(process.stderr);
  const since = systemClock.now();
  for (;;) {
    const job = await queue.find(id);
    if (!job || job.endedAt !== undefined || signal.aborted) return job;
    const isUnheard = job.state === 'waiting' && systemClock.now() - since > UNHEARD_MS;
    view.show(job, isUnheard ? await whyItWaits(job, queue, choice, connection) : undefined);
    await systemClock.sleep(LOOK_MS, signal);
  }
}

async function whyItWaits(
  job: JobView,
  queue: JobQueue,
  { stream, group }: GroupChoice,
  connection: RedisConnection,
): Promise<string> {
  if (job.reason) return `waits to be tried again: ${job.reason}`;
  const before = (await queue.list()).find(({ state }) => state === 'running');
  if (before) return `waits for ${before.kind} ${before.id} to end: one job at a time`;
  const { consumers } = await groupStatus(connection, { stream, group });
  if (!consumers.some(({ idleMs }) => idleMs < SILENT_AFTER_MS)) {
    return `waits, for no process of ${group} is running: npx distributary run consumers/…`;
  }
  return `waits, for the processes of ${group} do not take it: look for "runs no jobs" in their logs`;
}
