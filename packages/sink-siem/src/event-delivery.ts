import { OversizeError, PayloadError, type RequestBody, type RequestCeiling } from '@distributary/core';
import pLimit from 'p-limit';
import type { Judgement } from './answer.ts';

/** Requests at once while looking for the events at fault. */
const ISOLATION_CONCURRENCY = 4;

/** What became of one event: the collector has it, or refused it when it was alone in its request. */
export type EventFate = 'delivered' | PayloadError | OversizeError;

/** What a delivery needs of its sink. */
export interface EventSender {
  readonly ceiling: RequestCeiling;
  /** Posts those events and judges the answer; throws when there is none. */
  send(events: Buffer): Promise<Judgement>;
  /** Resolves when the collector has stored the events of that answer. */
  confirmed(ackId: number | undefined): Promise<void>;
  /** The reason to stop looking, once so many events of the batch were refused. */
  tooManyRefused(refused: number): Error | undefined;
}

/**
 * Brings the events of one batch to the collector: in order, in requests below the ceiling. A request that is too large
 * is halved; one that is refused is taken apart until each event at fault stood alone, so that the others arrive.
 * Events may arrive twice on the way.
 */
export class EventDelivery {
  readonly #events: RequestBody;
  readonly #sender: EventSender;
  readonly #fates: (EventFate | undefined)[];
  readonly #limit = pLimit(ISOLATION_CONCURRENCY);
  readonly #confirmations: Promise<void>[] = [];
  #refused = 0;
  #trouble: Error | undefined;

  constructor(events: RequestBody, sender: EventSender) {
    this.#events = events;
    this.#sender = sender;
    this.#fates = new Array(events.count);
  }

  /** By position; an event without a fate met {@link trouble}. */
  get fates(): readonly (EventFate | undefined)[] {
    return this.#fates;
  }

  /** What kept the rest of the events from the collector: nothing more was sent after it. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  async run(): Promise<void> {
    for (let from = 0; from < this.#events.count && !this.#trouble; ) {
      const to = this.#endOfRequest(from);
      await this.#deliver(from, to, 'whole');
      from = to;
    }
    await Promise.all(this.#confirmations);
  }

  #endOfRequest(from: number): number {
    const { count } = this.#events;
    const { bytes } = this.#sender.ceiling;
    if (this.#events.sizeOf(from, count) <= bytes) return count;
    let to = from + 1;
    while (to < count && this.#events.sizeOf(from, to + 1) <= bytes) to++;
    return to;
  }

  async #deliver(from: number, to: number, piece: 'whole' | 'part'): Promise<void> {
    const judgement = await this.#limit(() => this.#request(from, to));
    if (judgement === undefined) return;
    const alone = to - from === 1;
    switch (judgement.outcome) {
      case 'accepted':
        this.#confirmations.push(this.#confirm(from, to, judgement.ackId));
        return;
      case 'trouble':
        this.#trouble ??= judgement.error;
        return;
      case 'interrupted':
        // A busy collector is not asked event by event: parts of a batch that it interrupts wait for the next time.
        if (piece === 'whole' && !alone) return this.#takeApart(from, to, judgement.eventNumber);
        this.#trouble ??= judgement.error;
        return;
      case 'tooLarge':
        if (!alone) return this.#deliverInTurn(halves(from, to));
        return this.#refuse(from, new OversizeError(this.#oversize(from)));
      case 'refused':
        if (!alone) return this.#takeApart(from, to, judgement.eventNumber);
        return this.#refuse(from, new PayloadError(`${judgement.reason}, and the event was alone. Mend its mapping.`));
    }
  }

  async #request(from: number, to: number): Promise<Judgement | undefined> {
    if (this.#trouble) return undefined;
    const { ceiling } = this.#sender;
    const bytes = this.#events.sizeOf(from, to);
    try {
      const judgement = await this.#sender.send(this.#events.slice(from, to));
      if (judgement.outcome === 'accepted') ceiling.taken(bytes);
      if (judgement.outcome === 'tooLarge') ceiling.tooLarge(bytes);
      return judgement;
    } catch (thrown) {
      this.#trouble ??= thrown as Error;
      return undefined;
    }
  }

  /** Halves are taken in turn, so that a batch with nothing but faults is recognised as one after few requests. */
  #takeApart(from: number, to: number, eventNumber: number | undefined): Promise<void> {
    if (eventNumber !== undefined && eventNumber <= to - from)
      return this.#deliverAtOnce(around(eventNumber, from, to));
    if (to - from <= ISOLATION_CONCURRENCY) return this.#deliverAtOnce(singles(from, to));
    return this.#deliverInTurn(halves(from, to));
  }

  async #deliverAtOnce(parts: readonly Range[]): Promise<void> {
    await Promise.all(parts.map(([from, to]) => this.#deliver(from, to, 'part')));
  }

  async #deliverInTurn(parts: readonly Range[]): Promise<void> {
    for (const [from, to] of parts) await this.#deliver(from, to, 'part');
  }

  async #confirm(from: number, to: number, ackId: number | undefined): Promise<void> {
    try {
      await this.#sender.confirmed(ackId);
      this.#fates.fill('delivered', from, to);
    } catch (thrown) {
      this.#trouble ??= thrown as Error;
    }
  }

  #refuse(position: number, reason: EventFate): void {
    this.#fates[position] = reason;
    this.#refused++;
    this.#trouble ??= this.#sender.tooManyRefused(this.#refused);
  }

  #oversize(position: number): string {
    const bytes = this.#events.sizeOf(position, position + 1);
    return `The collector takes no event of ${bytes} bytes. Raise its limit, or make the mapping shorten the event.`;
  }
}

type Range = readonly [from: number, to: number];

function halves(from: number, to: number): Range[] {
  const middle = (from + to) >>> 1;
  return [
    [from, middle],
    [middle, to],
  ];
}

function singles(from: number, to: number): Range[] {
  return Array.from({ length: to - from }, (_, i): Range => [from + i, from + i + 1]);
}

/**
 * The parts of a range around the event that the collector named. Reports differ in whether it counts from 0 or from 1
 * (moby/moby#35862), so both candidates stand alone.
 */
function around(eventNumber: number, from: number, to: number): Range[] {
  const named = from + eventNumber;
  const cuts = [...new Set([from, named - 1, named, named + 1, to])].filter((cut) => cut >= from && cut <= to);
  return cuts.slice(1).map((cut, i): Range => [cuts[i] as number, cut]);
}
