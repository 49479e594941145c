import {
  asError,
  DistributaryError,
  RedisConnection,
  RedisUnavailableError,
  type StreamConsumer,
  systemClock,
} from '@distributary/core';
import { UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { type JobOutcome, parseRequest } from './job.ts';
import { jobClient } from './job-client.ts';
import type { ReportJob } from './job-events.ts';
import { QUEUE, queuePrefix } from './job-keys.ts';
import { isForbidden } from './job-permissions.ts';
import { JobRun, type QueuedJob } from './job-run.ts';
import type { CreateConsumer } from './lent-sink.ts';

/**
 * A job is taken over from a process that is silent for as long as its entries would be: not for less than a loaded event
 * loop may stand still, nor for longer than somebody wants to wait for it.
 */
const LOCK_MS = { min: 2_000, max: 30_000 };

/** A job that was taken from a process that ended wakes nobody: it is found at the next look. */
const LOOK_SECONDS = 1;

/** Processes that may end amid a job before it is given up: each was killed, or ended by one of its entries. */
const MAX_ENDED_PROCESSES = 20;

/** Runs the jobs of a consumer's group in this process; of all processes of the group, one has a job at a time. */
export class JobWorker implements AsyncDisposable {
  readonly #consumer: StreamConsumer<unknown>;
  readonly #create: CreateConsumer;
  readonly #report: ReportJob;
  readonly #connection: RedisConnection;
  readonly #client: Redis;
  readonly #worker: Worker<object, JobOutcome, string>;
  readonly #stopping = new AbortController();
  readonly #forbidden = Promise.withResolvers<never>();
  #troubledBy = '';

  constructor(consumer: StreamConsumer<unknown>, create: CreateConsumer, report: ReportJob) {
    const { group, consumer: name } = consumer.identity;
    const { redisOptions: redis, claimIdleMs } = consumer;
    const lockDuration = Math.min(Math.max(claimIdleMs, LOCK_MS.min), LOCK_MS.max);
    this.#consumer = consumer;
    this.#create = create;
    this.#report = report;
    this.#connection = new RedisConnection(redis, `${group}:${name}:job`);
    this.#client = jobClient(redis, `${group}:${name}:jobs`, null);
    this.#client.on('error', this.#troubled);
    this.#worker = new Worker(QUEUE, (job, token, signal) => this.#run(job, token, signal), {
      connection: this.#client,
      prefix: queuePrefix(consumer.identity),
      concurrency: 1,
      lockDuration,
      stalledInterval: lockDuration / 2,
      maxStalledCount: MAX_ENDED_PROCESSES,
      drainDelay: LOOK_SECONDS,
      skipVersionCheck: true,
    });
    this.#worker.on('error', this.#troubled);
    // Another process may have the job by now.
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#worker.cancelJob(id);
    });
  }

  /** Rejects when Redis does not let this user run jobs. */
  get forbidden(): Promise<never> {
    return this.#forbidden.promise;
  }

  /** Hands a job that is under way on to another process, or to this one's successor. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#worker.close();
    this.#connection.close();
    this.#client.disconnect();
  }

  async #run(job: QueuedJob, token: string | undefined, lockLost: AbortSignal | undefined): Promise<JobOutcome> {
    const id = job.id ?? '';
    const run = new JobRun(job, {
      consumer: this.#consumer,
      create: this.#create,
      connection: this.#connection,
      clock: systemClock,
    });
    try {
      const request = parseRequest(job.name, job.data);
      this.#report('started', { id, kind: request.kind, by: request.by, resumed: run.resumed });
      const stopping = AbortSignal.any([this.#stopping.signal, ...(lockLost ? [lockLost] : [])]);
      const outcome = await run.run(request, stopping);
      this.#report('ended', { id, outcome, progress: run.progress });
      if (outcome !== 'stopped') return { outcome };
    } catch (thrown) {
      const reason = asError(thrown);
      const again = reason instanceof RedisUnavailableError;
      this.#report('ended', { id, outcome: again ? 'interrupted' : 'failed', progress: run.progress, reason });
      if (again) throw reason;
      throw new UnrecoverableError(reason instanceof DistributaryError ? reason.message : reason.stack);
    }
    await job.moveToWait(token);
    throw new WaitingError();
  }

  /** The same trouble is told once, for the client meets it at every try. */
  readonly #troubled = (reason: Error): void => {
    if (isForbidden(reason)) this.#forbidden.reject(reason);
    else if (reason.message !== this.#troubledBy && !this.#stopping.signal.aborted)
      this.#report('troubled', { reason });
    this.#troubledBy = reason.message;
  };
}
