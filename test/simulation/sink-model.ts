import {
  type Batch,
  type DeliveryResult,
  delivered,
  type EntryId,
  rejected,
  retry,
  type Sink,
  SinkHoldError,
  SinkUnavailableError,
} from '@distributary/core';
import { NEVER } from './connection-model.ts';
import type { Process } from './process.ts';
import type { StreamEntry } from './stream-entry.ts';
import type { World } from './world.ts';

/** A delivery that hangs is given up by then. */
export const LONGEST_DELIVERY_MS = 8_000;

/** What a group's processes deliver to. It outlives them all. */
export class DestinationModel {
  /** How often it stored each event. */
  readonly stored = new Map<number, number>();
  away = false;

  store(event: number): void {
    this.stored.set(event, (this.stored.get(event) ?? 0) + 1);
  }
}

/** A process's sink. What it sent is stored even when the process ends meanwhile. */
export class SinkModel implements Sink<StreamEntry> {
  readonly name = 'model';
  readonly #world: World;
  readonly #process: Process;
  readonly #destination: DestinationModel;
  readonly underWay = new Set<Batch<StreamEntry>>();

  constructor(world: World, process: Process, destination: DestinationModel) {
    this.#world = world;
    this.#process = process;
    this.#destination = destination;
  }

  open(): Promise<void> {
    const { clock, faults } = this.#world;
    if (this.#process.mayCrash('opening the sink')) return NEVER;
    return new Promise((resolve, reject) => {
      const fails = faults.strikes('openFails');
      const finish = () => (fails ? reject(new SinkUnavailableError('cannot open')) : resolve());
      clock.schedule(5, finish, this.#process);
    });
  }

  close(): Promise<void> {
    return this.#world.faults.strikes('deliveryHangs') ? NEVER : Promise.resolve();
  }

  deliver(batch: Batch<StreamEntry>, signal: AbortSignal): Promise<readonly DeliveryResult[]> {
    const { oracle, trace, clock } = this.#world;
    if (this.#process.mayCrash('before a delivery')) return NEVER;
    this.underWay.add(batch);
    oracle.offered(this.#process, batch, this.underWay);
    if (trace.wanted) trace.add(clock.now, this.#process.name, `delivers ${list(batch)}`);
    return new Promise((resolve, reject) => this.#attempt(batch, signal, resolve, reject));
  }

  #attempt(
    batch: Batch<StreamEntry>,
    signal: AbortSignal,
    resolve: (results: readonly DeliveryResult[]) => void,
    reject: (reason: Error) => void,
  ) {
    const { clock, random, faults } = this.#world;
    const events = batch.map((item) => item.payload);
    let settled = false;
    const answer = (afterMs: number, finish: () => void) => {
      clock.schedule(
        afterMs,
        () => {
          if (settled || this.#process.mayCrash('after a delivery')) return;
          settled = true;
          signal.removeEventListener('abort', abort);
          this.underWay.delete(batch);
          this.#process.steppedAt = clock.now;
          finish();
        },
        this.#process,
      );
    };
    const abort = () => answer(random.between(0, 5), () => reject(new Error('aborted')));
    const fail = (afterMs: number, reason: Error) => answer(afterMs, () => reject(reason));
    const soon = random.between(0, 20);
    if (this.#destination.away) return fail(soon, new SinkUnavailableError('away'));
    if (events.some(({ kind }) => kind === 'poisonsSink')) {
      clock.schedule(soon, () => this.#process.crash('poisoned in its sink'), this.#process);
      return;
    }
    switch (
      faults.among([
        'unavailable',
        'held',
        'storedInPart',
        'answerLost',
        'deliverySlow',
        'deliveryHangs',
        'retried',
        'resultMissing',
      ])
    ) {
      case 'unavailable':
        return fail(soon, unavailable(random.chance(0.3) ? random.between(1, 1_500) : undefined));
      case 'held':
        return fail(soon, new SinkHoldError('Refused.', 'Act.'));
      case 'storedInPart':
        this.#storeUnanswered(
          events.filter(() => random.chance(0.5)),
          soon,
        );
        return fail(soon, new Error('broken off'));
      case 'answerLost':
        this.#storeUnanswered(events, soon);
        return fail(soon + random.between(0, 500), new Error('the answer was lost'));
      case 'deliverySlow': {
        const takesMs = random.between(1, 3) * this.#world.scenario.tuning.claim.idleMs + random.between(0, 400);
        if (random.chance(0.8)) signal.addEventListener('abort', abort, { once: true });
        this.#store(events, random.between(0, takesMs));
        return answer(takesMs, () => resolve(this.#results(batch)));
      }
      case 'deliveryHangs':
        signal.addEventListener('abort', abort, { once: true });
        if (random.chance(0.5)) this.#storeUnanswered(events, soon);
        return fail(random.between(2_000, LONGEST_DELIVERY_MS), new Error('timed out'));
      case 'retried':
        return this.#mixed(batch, soon, answer, resolve);
      case 'resultMissing': {
        const forgotten = random.between(0, batch.length - 1);
        this.#storeUnanswered(
          events.filter((_, i) => i !== forgotten),
          soon,
        );
        return answer(soon, () => resolve(this.#results(batch).filter((_, i) => i !== forgotten)));
      }
      case undefined: {
        this.#store(events, soon);
        const results = () => (random.chance(0.05) ? this.#results(batch).reverse() : this.#results(batch));
        return answer(soon + random.between(0, 5), () => resolve(results()));
      }
    }
  }

  #mixed(
    batch: Batch<StreamEntry>,
    soon: number,
    answer: (afterMs: number, finish: () => void) => void,
    resolve: (results: readonly DeliveryResult[]) => void,
  ): void {
    const { random } = this.#world;
    const again = new Set<EntryId>(batch.filter(() => random.chance(0.4)).map((item) => item.id));
    this.#store(
      batch.filter((item) => !again.has(item.id)).map((item) => item.payload),
      soon,
    );
    const afterMs = random.chance(0.3) ? random.between(1, 1_000) : undefined;
    answer(soon, () =>
      resolve(this.#results(batch, (id) => (again.has(id) ? retry(id, new Error('throttled'), afterMs) : undefined))),
    );
  }

  #results(
    batch: Batch<StreamEntry>,
    instead: (id: EntryId) => DeliveryResult | undefined = () => undefined,
  ): DeliveryResult[] {
    const results = batch.map(({ id, payload }) => {
      return instead(id) ?? (payload.kind === 'rejected' ? rejected(id, new Error('malformed')) : delivered(id));
    });
    this.#world.oracle.answered(this.#process, results);
    return results;
  }

  /** What the destination holds and its sink will not say. */
  #storeUnanswered(events: readonly StreamEntry[], afterMs: number): void {
    for (const { event } of events) this.#world.oracle.unanswered(this.#process, event);
    this.#store(events, afterMs);
  }

  #store(events: readonly StreamEntry[], afterMs: number): void {
    const { clock, oracle } = this.#world;
    clock.schedule(afterMs, () => {
      for (const { event, kind } of events) {
        if (kind === 'rejected') continue;
        this.#destination.store(event);
        oracle.stored(this.#process, event);
      }
    });
  }
}

function unavailable(retryAfterMs: number | undefined): SinkUnavailableError {
  return new SinkUnavailableError('unavailable', retryAfterMs === undefined ? {} : { retryAfterMs });
}

function list(batch: Batch<StreamEntry>): string {
  return batch.map(({ payload }) => payload.event).join(' ');
}
