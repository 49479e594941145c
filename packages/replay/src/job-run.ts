import {
  type Clock,
  type Fates,
  OptionsError,
  type RedisConnection,
  type StreamConsumer,
  StreamHistory,
} from '@distributary/core';
import type { Job } from 'bullmq';
import { Backfill, BackfillFates } from './backfill.ts';
import { DeadLetterStream } from './dead-letter-stream.ts';
import { type JobOutcome, type JobProgress, type JobRequest, NO_PROGRESS } from './job.ts';
import { jobKey } from './job-keys.ts';
import { type CreateConsumer, LentSink } from './lent-sink.ts';
import { Redrive } from './redrive.ts';
import { Replay } from './replay.ts';
import { PORTION_BYTES, type Work, workOff } from './work.ts';

export type QueuedJob = Job<object, JobOutcome, string>;

/** What jobs work with in this process. */
export interface Workshop {
  /** The one at work, whose group the jobs are of. */
  readonly consumer: StreamConsumer<unknown>;
  readonly create: CreateConsumer;
  readonly connection: RedisConnection;
  readonly clock: Clock;
}

/** How often a running job looks whether somebody cancelled it. */
const CANCEL_LOOK_MS = 500;

/** One job in this process: from the progress that an earlier process noted, as far as it comes. */
export class JobRun {
  readonly #job: QueuedJob;
  readonly #workshop: Workshop;
  #progress: JobProgress;

  constructor(job: QueuedJob, workshop: Workshop) {
    this.#job = job;
    this.#workshop = workshop;
    const noted = job.progress;
    this.#progress = typeof noted === 'object' ? { ...NO_PROGRESS, ...noted } : NO_PROGRESS;
  }

  get progress(): JobProgress {
    return this.#progress;
  }

  /** Whether an earlier process ended amid this job. */
  get resumed(): boolean {
    return this.#job.stalledCounter > 0;
  }

  /**
   * @param stopping this process is to do no more of it
   * @throws RedisUnavailableError when it is to be tried again, anything else when it is not
   */
  async run(request: JobRequest, stopping: AbortSignal): Promise<'done' | 'cancelled' | 'stopped'> {
    const { clock } = this.#workshop;
    const cancelled = new AbortController();
    const over = new AbortController();
    const signal = AbortSignal.any([stopping, cancelled.signal]);
    const watching = this.#untilCancelled(AbortSignal.any([signal, over.signal])).then((is) => is && cancelled.abort());
    const work = await this.#workOf(request);
    try {
      const begun = { progress: this.#progress, mode: this.resumed ? 'alone' : 'together' } as const;
      const note = (progress: JobProgress) => this.#note(progress);
      if (await workOff(work, request.rate, begun, { clock, signal, note })) return 'done';
      return cancelled.signal.aborted ? 'cancelled' : 'stopped';
    } finally {
      over.abort();
      await Promise.all([work.close(), watching]);
    }
  }

  async #workOf(request: JobRequest): Promise<Work> {
    const { consumer, connection } = this.#workshop;
    const letters = new DeadLetterStream(connection, consumer.identity);
    switch (request.kind) {
      case 'redrive':
        return new Redrive(request, letters, (fates) => this.#lend({}, fates, 'give up'));
      case 'replay':
        return new Replay(request, connection, consumer);
      case 'backfill': {
        const fates = new BackfillFates(letters, this.#job.id ?? '', consumer.contract.deadLetterQuota);
        const sink = await this.#lend(request.overrides, fates, 'wait');
        const history = new StreamHistory(connection, consumer.identity.stream, { maxBytes: PORTION_BYTES });
        return new Backfill(request, history, sink);
      }
    }
  }

  /** @throws OptionsError when the class does not take what the job changes in its environment */
  async #lend(
    overrides: Readonly<Record<string, string>>,
    fates: Fates,
    atHold: 'wait' | 'give up',
  ): Promise<LentSink> {
    const { consumer, create } = this.#workshop;
    const lent = await create(overrides);
    const { stream, group } = lent.identity;
    if (stream !== consumer.identity.stream || group !== consumer.identity.group) {
      throw new OptionsError(`What the job changes makes it a consumer of ${group} on ${stream}: leave that out.`);
    }
    return new LentSink(lent, fates, { atHold, hindered: (reason) => void this.#hinderedBy(reason) });
  }

  async #note(progress: JobProgress): Promise<void> {
    this.#progress = progress;
    await this.#job.updateProgress(progress);
  }

  async #hinderedBy({ message }: Error): Promise<void> {
    if (this.#progress.waitsFor === message) return;
    await this.#note({ ...this.#progress, waitsFor: message }).catch(() => undefined);
  }

  /** @returns whether somebody cancelled it; false when the signal aborted first */
  async #untilCancelled(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await this.#workshop.clock.sleep(CANCEL_LOOK_MS, signal);
      if (signal.aborted) return false;
      if (await this.#isCancelled()) return true;
    }
  }

  async #isCancelled(): Promise<boolean> {
    const { connection, consumer } = this.#workshop;
    try {
      const data = await connection.call('HGET', jobKey(consumer.identity, this.#job.id ?? ''), 'data');
      return (JSON.parse(String(data)) as Partial<JobRequest>).cancelledBy !== undefined;
    } catch {
      // The next look will tell.
      return false;
    }
  }
}
