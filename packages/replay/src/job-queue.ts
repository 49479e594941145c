import type { RedisOptions } from '@distributary/core';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { askingQueue } from './asking.ts';
import { type JobKind, type JobOutcome, type JobProgress, type JobRequest, NO_PROGRESS } from './job.ts';
import { QUEUE, queuePrefix } from './job-keys.ts';

/** A job as operators see it. */
export interface JobView {
  readonly id: string;
  readonly kind: JobKind;
  readonly state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';
  readonly request: JobRequest;
  readonly progress: JobProgress;
  /** Why it failed, or is waiting to be tried again. */
  readonly reason: string | undefined;
  /** ISO 8601. */
  readonly askedAt: string;
  readonly endedAt: string | undefined;
}

/** Ended jobs are kept so that `distributary jobs` can tell of them. */
const KEPT = 100;

/** A job whose process cannot reach Redis is tried again after this, for as long as it takes. */
const RETRY_MS = 1_000;

interface GroupOfJobs {
  readonly stream: string;
  readonly group: string;
}

type QueuedJob = Job<JobRequest, JobOutcome, string>;

/** The jobs of one group, seen from outside of its processes. */
export class JobQueue implements AsyncDisposable {
  readonly #client: Redis;
  readonly #queue: Queue<JobRequest, JobOutcome, string>;
  readonly #group: GroupOfJobs;

  private constructor(client: Redis, queue: Queue<JobRequest, JobOutcome, string>, group: GroupOfJobs) {
    this.#client = client;
    this.#queue = queue;
    this.#group = group;
  }

  /** No command is sent by this. */
  static async open(redis: RedisOptions, group: GroupOfJobs): Promise<JobQueue> {
    const [{ Queue }, { jobClient }] = await Promise.all([import('bullmq'), import('./job-client.ts')]);
    const client = jobClient(redis, 'distributary:jobs', 1);
    const queue = new Queue<JobRequest, JobOutcome, string>(QUEUE, {
      connection: client,
      prefix: queuePrefix(group),
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    // What goes wrong is thrown by the command that meets it.
    client.on('error', () => undefined);
    queue.on('error', () => undefined);
    return new JobQueue(client, queue, group);
  }

  /** @returns the job's ID @throws RedisUnavailableError, as do the other methods */
  add(request: JobRequest): Promise<string> {
    return this.#ask(async () => {
      await this.#queue.setGlobalConcurrency(1);
      const job = await this.#queue.add(request.kind, request, {
        attempts: Number.MAX_SAFE_INTEGER,
        backoff: { type: 'fixed', delay: RETRY_MS },
        removeOnComplete: { count: KEPT },
        removeOnFail: { count: KEPT },
      });
      return job.id ?? '';
    });
  }

  /** Newest first. */
  list(): Promise<JobView[]> {
    return this.#ask(async () => {
      const views = await Promise.all((await this.#queue.getJobs()).map(viewOf));
      return views.sort((a, b) => Number(b.id) - Number(a.id));
    });
  }

  find(id: string): Promise<JobView | undefined> {
    return this.#ask(async () => {
      const job = await this.#job(id);
      return job && viewOf(job);
    });
  }

  /**
   * Removes a job that waits, and asks the process that runs it to leave it; what is done by then is done.
   * @returns undefined when there is no such job
   */
  cancel(id: string, by: string): Promise<'removed' | 'asked' | 'over' | undefined> {
    return this.#ask(async () => {
      const job = await this.#job(id);
      if (!job) return undefined;
      const { state } = await viewOf(job);
      if (state !== 'waiting' && state !== 'running') return 'over';
      await job.updateData({ ...job.data, cancelledBy: by });
      if (state === 'running') return 'asked';
      // A process may have begun with it meanwhile.
      return job.remove().then(
        () => 'removed',
        () => 'asked',
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
    this.#client.disconnect();
  }

  async #job(id: string): Promise<QueuedJob | undefined> {
    return (await this.#queue.getJob(id)) as QueuedJob | undefined;
  }

  #ask<Reply>(ask: () => Promise<Reply>): Promise<Reply> {
    const { stream, group } = this.#group;
    return askingQueue(`The jobs of ${group} on ${stream}`, ask);
  }
}

async function viewOf(job: QueuedJob): Promise<JobView> {
  const { id = '', data, progress, failedReason, finishedOn, timestamp } = job;
  return {
    id,
    kind: data.kind,
    state: stateOf(await job.getState(), job.returnvalue),
    request: data,
    progress: typeof progress === 'object' ? (progress as JobProgress) : NO_PROGRESS,
    reason: failedReason,
    askedAt: new Date(timestamp).toISOString(),
    endedAt: finishedOn === undefined ? undefined : new Date(finishedOn).toISOString(),
  };
}

function stateOf(state: string, returned: JobOutcome | null): JobView['state'] {
  if (state === 'completed') return returned?.outcome ?? 'done';
  if (state === 'active') return 'running';
  return state === 'failed' ? 'failed' : 'waiting';
}
