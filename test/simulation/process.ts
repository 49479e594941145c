import { type Clock, type Entry, PayloadError, StreamConsumer, type StreamConsumerEvents } from '@distributary/core';
import { NEVER } from './connection-model.ts';
import { GroupModel } from './group-model.ts';
import { type DestinationModel, SinkModel } from './sink-model.ts';
import type { StreamEntry } from './stream-entry.ts';
import type { Owner } from './virtual-clock.ts';
import type { World } from './world.ts';

/** A place for one process of a group. */
export interface Seat {
  readonly group: string;
  readonly destination: DestinationModel;
}

/** How a process ended: killed, or by itself with or without entries that it had to leave pending. */
export type Ending = 'crashed' | 'gaveUp' | 'drained';

/** The timeout of a stop that a consumer decided upon itself. */
const GIVES_UP_WITHIN_MS = 1_000;

const TOLD = [
  'groupCreated',
  'groupRecreated',
  'groupSetBack',
  'checkpointFailed',
  'takenBack',
  'gaveUp',
  'handedBack',
  'retried',
  'deadLettered',
  'deadLetterFailed',
  'lost',
  'acknowledgedFewer',
  'sinkUnavailable',
  'sinkHeld',
  'sinkRecovered',
  'redisUnavailable',
  'redisRecovered',
  'stateChanged',
] as const satisfies readonly (keyof StreamConsumerEvents)[];

/** A process that runs one real consumer on modelled surroundings. Once it has ended nothing happens to it any more. */
export class Process implements Owner {
  readonly seat: Seat;
  readonly name: string;
  readonly #world: World;
  readonly #redis: GroupModel;
  readonly #consumer: StreamConsumer<StreamEntry>;
  readonly #ended: () => void;
  ending: Ending | undefined;
  pausedUntil = 0;
  /** Nothing passes between this process and Redis before. */
  cutOffUntil = 0;
  /** When the last step of a delivery began or ended. */
  steppedAt = 0;
  readonly #sink: SinkModel;
  #stopping = false;
  #leftPending = false;

  /** @param ended called once, when the process is no more */
  constructor(world: World, seat: Seat, name: string, ended: () => void) {
    this.#world = world;
    this.seat = seat;
    this.name = name;
    this.#ended = ended;
    this.#redis = new GroupModel(world, this);
    this.#sink = new SinkModel(world, this, seat.destination);
    this.#consumer = new StreamConsumer(
      {
        ...world.scenario.tuning,
        stream: 'stream',
        group: seat.group,
        consumer: name,
        sink: this.#sink,
        decode: (entry) => this.#decode(entry),
      },
      this.#clock(),
      this.#redis,
    );
    this.#listen();
  }

  get alive(): boolean {
    return this.ending === undefined;
  }

  get delivering(): boolean {
    return this.#sink.underWay.size > 0;
  }

  get inHand(): number {
    return this.#consumer.inHand.entries;
  }

  start(): void {
    this.#say('starts');
    const { oracle } = this.#world;
    oracle.began(this);
    this.#consumer.start().catch(() => undefined);
    this.#consumer.finished.then(
      () => this.#end(this.#leftPending ? 'gaveUp' : 'drained'),
      (reason: Error) => {
        oracle.gaveUp(this, reason);
        this.#end('gaveUp');
      },
    );
  }

  stop(timeoutMs: number): void {
    if (this.#stopping || !this.alive) return;
    this.#stopping = true;
    this.#say(`is to stop within ${timeoutMs} ms`);
    const { clock, oracle } = this.#world;
    const since = clock.now;
    // A consumer that gives up stops by itself, and the first stop decides.
    const withinMs = this.#consumer.state === 'running' ? timeoutMs : Math.max(timeoutMs, GIVES_UP_WITHIN_MS);
    void this.#consumer.stop({ timeoutMs });
    clock.schedule(withinMs + 50, () => {
      if (this.alive && this.pausedUntil < since) oracle.violated(`${this.name} did not stop within ${withinMs} ms`);
    });
  }

  crash(why: string): void {
    if (!this.alive) return;
    this.#say(`CRASHES ${why}`);
    this.#world.faults.count('killed');
    this.#end('crashed');
  }

  /** Whether nothing may be awaited any more: the process has ended, maybe right here. */
  mayCrash(where: string): boolean {
    if (this.alive && this.#world.faults.strikes('crash')) this.crash(where);
    return !this.alive;
  }

  pause(ms: number): void {
    this.#say(`stands still for ${ms} ms`);
    this.pausedUntil = this.#world.clock.now + ms;
  }

  /** Breaks its connections. */
  disconnect(why: string): void {
    this.#redis.discard(why);
  }

  #end(ending: Ending): void {
    if (!this.alive) return;
    this.ending = ending;
    this.#world.oracle.ended(this);
    this.#redis.discard('the process has ended');
    this.#ended();
  }

  #clock(): Clock {
    const { clock, random } = this.#world;
    return {
      now: () => clock.now,
      random: () => random.next(),
      sleep: (ms, signal) => {
        if (!this.alive) return NEVER;
        if (signal?.aborted) return Promise.resolve();
        return new Promise((resolve) => {
          const wake = () => {
            if (this.mayCrash('after a pause')) return;
            signal?.removeEventListener('abort', abort);
            resolve();
          };
          const waking = clock.schedule(ms, wake, this);
          const abort = () => {
            waking.happen = undefined;
            resolve();
          };
          signal?.addEventListener('abort', abort, { once: true });
        });
      },
    };
  }

  #decode(entry: Entry): StreamEntry {
    const known = this.#world.entries.of(entry);
    if (known.kind === 'undecodable') throw new PayloadError('undecodable');
    if (known.kind === 'poisonsDecode') this.crash('poisoned in decode');
    return known;
  }

  #listen(): void {
    const { oracle, trace } = this.#world;
    const on = <Name extends keyof StreamConsumerEvents>(
      name: Name,
      hear: (...payload: StreamConsumerEvents[Name]) => void,
    ) => {
      const listener = (...payload: StreamConsumerEvents[Name]) => this.alive && hear(...payload);
      (this.#consumer.on as (name: string, listener: unknown) => unknown).call(this.#consumer, name, listener);
    };
    on('lost', ({ count, ids }) => oracle.lost(this, count, ids));
    on('delivered', ({ count }) => oracle.delivered(this, count));
    on('deadLettered', ({ id }) => oracle.deadLettered(this, id));
    on('acknowledgedFewer', () => oracle.acknowledgedFewer(this));
    on('gaveUp', () => {
      this.#leftPending = true;
      oracle.abandoned(this);
    });
    on('handedBack', ({ count }) => oracle.handsBack(count));
    if (!trace.wanted) return;
    for (const name of TOLD) on(name, (payload) => this.#say(`${name} ${JSON.stringify(payload, shorten)}`));
  }

  #say(what: string): void {
    const { trace, clock } = this.#world;
    trace.add(clock.now, this.name, what);
  }
}

function shorten(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
