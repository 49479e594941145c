/** Who an event happens to. What is due to somebody who has ended never happens; what is due in a pause happens after it. */
export interface Owner {
  readonly alive: boolean;
  readonly pausedUntil: number;
}

export interface ScheduledEvent {
  at: number;
  readonly order: number;
  readonly owner: Owner | undefined;
  /** Undefined once it was called off. */
  happen: (() => void) | undefined;
}

/**
 * Time that passes only from one event to the next. Events of the same millisecond happen in the order in which they
 * were scheduled, each after everything that the last one set off has come to rest.
 */
export class VirtualClock {
  readonly #heap: ScheduledEvent[] = [];
  #now = 1_000_000;
  #scheduled = 0;

  get now(): number {
    return this.#now;
  }

  get happened(): number {
    return this.#scheduled - this.#heap.length;
  }

  /** @param afterMs from now, in milliseconds */
  schedule(afterMs: number, happen: () => void, owner?: Owner): ScheduledEvent {
    const event = { at: this.#now + Math.max(0, afterMs), order: this.#scheduled++, owner, happen };
    this.#push(event);
    return event;
  }

  /** Lets events happen until `finished` says so. */
  run(finished: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (finished()) return resolve();
          this.#next();
        } catch (thrown) {
          return reject(thrown);
        }
        // A tick asked for by a microtask comes after all microtasks: whatever the event set off has then come to rest.
        queueMicrotask(() => process.nextTick(step));
      };
      step();
    });
  }

  #next() {
    for (;;) {
      const event = this.#pop();
      if (!event) throw new Error('Nothing is due any more: the simulation stands still.');
      const { owner, happen } = event;
      if (!happen || owner?.alive === false) continue;
      if (owner && owner.pausedUntil > event.at) {
        event.at = owner.pausedUntil;
        this.#push(event);
        continue;
      }
      this.#now = event.at;
      return happen();
    }
  }

  #push(event: ScheduledEvent): void {
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(event, heap[parent] as ScheduledEvent)) break;
      heap[i] = heap[parent] as ScheduledEvent;
      i = parent;
    }
    heap[i] = event;
  }

  #pop(): ScheduledEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as ScheduledEvent, heap[child] as ScheduledEvent))
        child++;
      if (!isBefore(heap[child] as ScheduledEvent, last)) break;
      heap[i] = heap[child] as ScheduledEvent;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
