import { type RedisOptions, streamKey, systemClock } from '@distributary/core';
import type { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { askingQueue } from './asking.ts';

/** BullMQ's own name for the queue: its keys begin with `distributary:{stream}:maintenance:`. */
const QUEUE = 'maintenance';

/** The only scheduler of the queue, and the name of its jobs. */
const PASS = 'pass';

/** A pass whose process has died is taken over after this: its work is begun anew by each pass anyway. */
const LOCK_MS = 30_000;

/** Redis that does not answer holds up no process that is to end for longer; a pass needs less for its slice. */
const CLOSE_WITHIN_MS = 2_000;

/** A pass that is this late is made by nobody: the schedule stands still. */
const OVERDUE_MS = 5_000;

/** Passes that ended are kept for who looks into the queue. */
const KEPT = 10;

interface Connections {
  readonly asking: Redis;
  readonly working: Redis;
}

export interface PassOptions {
  readonly stream: string;
  readonly everyMs: number;
  /** Makes a pass, which the signal ends early. Tells itself what goes wrong in it. */
  readonly run: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * A job scheduler in Redis that has one process at a time make a pass over a stream, once in `everyMs` however many
 * processes offer to. If they do not agree on that, the last one to come is followed.
 */
export class PassSchedule implements AsyncDisposable {
  readonly #connections: Connections;
  readonly #queue: Queue;
  readonly #worker: Worker;
  readonly #everyMs: number;
  readonly #about: string;
  readonly #stopping: AbortController;
  #hasComeBefore = false;

  private constructor(
    connections: Connections,
    bullmq: { readonly queue: Queue; readonly worker: Worker },
    { stream, everyMs }: PassOptions,
    stopping: AbortController,
  ) {
    this.#connections = connections;
    this.#queue = bullmq.queue;
    this.#worker = bullmq.worker;
    this.#everyMs = everyMs;
    this.#about = `The schedule of passes over ${stream}`;
    this.#stopping = stopping;
    // Trouble shows in a pass that is not made.
    for (const source of [...Object.values(connections), bullmq.queue, bullmq.worker]) source.on('error', ignore);
  }

  /** Makes the passes that fall to this process from now on. Nothing falls to anybody before {@link keep}. */
  static async open(redis: RedisOptions, options: PassOptions): Promise<PassSchedule> {
    const [{ Queue, Worker }, { jobClient }] = await Promise.all([import('bullmq'), import('./job-client.ts')]);
    const connections = {
      asking: jobClient(redis, 'distributary:retain:schedule', 1),
      working: jobClient(redis, 'distributary:retain:passes', null),
    };
    const prefix = streamKey(options.stream, QUEUE).slice(0, -QUEUE.length - 1);
    const stopping = new AbortController();
    const queue = new Queue(QUEUE, {
      connection: connections.asking,
      prefix,
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    const pass = () => options.run(stopping.signal);
    const worker = new Worker(QUEUE, pass, {
      connection: connections.working,
      prefix,
      concurrency: 1,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS / 2,
      skipVersionCheck: true,
    });
    return new PassSchedule(connections, { queue, worker }, options, stopping);
  }

  /**
   * Puts the scheduler down, unless it is there and goes on.
   * @throws RedisUnavailableError when it does not, such as because Redis is out of memory or does not let this user: no
   * passes may be made until it does
   */
  async keep(): Promise<void> {
    await askingQueue(this.#about, async () => {
      if (!(await this.#goesOn())) await this.#putDown();
    });
    this.#hasComeBefore = true;
  }

  async #goesOn(): Promise<boolean> {
    const { next, every = 0 } = (await this.#queue.getJobScheduler(PASS)) ?? {};
    if (next === undefined || next + Math.min(every, OVERDUE_MS) < Date.now()) return false;
    return this.#hasComeBefore || every === this.#everyMs;
  }

  async #putDown(): Promise<void> {
    await this.#queue.removeJobScheduler(PASS);
    const opts = { removeOnComplete: { count: KEPT }, removeOnFail: { count: KEPT } };
    await this.#queue.upsertJobScheduler(PASS, { every: this.#everyMs }, { name: PASS, opts });
  }

  /**
   * Ends a pass that is under way after its slice. Where Redis does not answer, something of the client may stay behind
   * that keeps the process from ending by itself: a connection that is given up while it waits to connect never ends.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    const enough = new AbortController();
    const closing = Promise.all([this.#worker.close(), this.#queue.close()]);
    await Promise.race([closing, systemClock.sleep(CLOSE_WITHIN_MS, enough.signal)]);
    enough.abort();
    for (const connection of Object.values(this.#connections)) connection.disconnect();
  }
}

function ignore(): void {}
