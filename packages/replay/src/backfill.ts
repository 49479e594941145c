import type { DeadLetter, EntryId, Fates, StreamHistory } from '@distributary/core';
import type { DeadLetterStream } from './dead-letter-stream.ts';
import type { BackfillRequest } from './job.ts';
import type { LentSink } from './lent-sink.ts';
import type { Portion, Work } from './work.ts';

/**
 * A range of the stream's history into a sink, in order, one batch at a time. The group's cursor and pending entries
 * are left alone; what fails becomes a dead letter of the group that names the backfill.
 */
export class Backfill implements Work {
  readonly portionSize = 500;
  readonly #request: BackfillRequest;
  readonly #history: StreamHistory;
  readonly #sink: LentSink;

  constructor(request: BackfillRequest, history: StreamHistory, sink: LentSink) {
    this.#request = request;
    this.#history = history;
    this.#sink = sink;
  }

  async portion(after: EntryId | undefined, size: number): Promise<Portion | undefined> {
    const { from, until } = this.#request;
    const range = { from: after === undefined ? from : `(${after}`, to: until };
    const entries = await this.#history.page(range, size);
    const last = entries.at(-1);
    if (!last) return undefined;
    return {
      last: last.id,
      entries: entries.length,
      deliver: (mode, signal) => this.#sink.deliver(entries, mode, signal),
    };
  }

  async close(): Promise<void> {
    await this.#sink[Symbol.asyncDispose]();
  }
}

/** Of a backfill nothing is acknowledged, for no group handed it out. */
export class BackfillFates implements Fates {
  readonly #letters: DeadLetterStream;
  readonly #job: string;
  readonly #quota: number;

  /** @param quota of the group's dead letters: at it, the backfill waits until there is room */
  constructor(letters: DeadLetterStream, job: string, quota: number = Infinity) {
    this.#letters = letters;
    this.#job = job;
    this.#quota = quota;
  }

  async acknowledge(ids: readonly EntryId[]): Promise<number> {
    return ids.length;
  }

  /** Nobody knows whether they were stored when the reply was lost: better twice than never. */
  async setAside(letters: readonly DeadLetter[]): Promise<number> {
    await this.#letters.add(letters, { backfill: this.#job }, this.#quota);
    return letters.length;
  }
}
