import { type Batch, type DeliveryResult, delivered, type Entry, type EntryId, type Sink } from '@distributary/core';

type Answer = (batch: Batch<Entry>, signal: AbortSignal) => Promise<readonly DeliveryResult[]>;

/** Confirms everything until `answer` is replaced, and remembers what it was asked and what it confirmed. */
export class TestSink implements Sink<Entry> {
  readonly name = 'test';
  /** Every entry confirmed, in order, as often as it was. */
  readonly confirmed: EntryId[] = [];
  /** The IDs of every batch it was handed. */
  readonly batches: (readonly EntryId[])[] = [];
  mostAtOnce = 0;
  closed = 0;
  answer: Answer;
  #atOnce = 0;

  constructor(answer: Answer = confirmAll) {
    this.answer = answer;
  }

  async deliver(batch: Batch<Entry>, signal: AbortSignal): Promise<readonly DeliveryResult[]> {
    this.batches.push(batch.map((item) => item.id));
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      const results = await this.answer(batch, signal);
      for (const result of results) if (result.status === 'delivered') this.confirmed.push(result.id);
      return results;
    } finally {
      this.#atOnce--;
    }
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

export async function confirmAll(batch: Batch<unknown>): Promise<readonly DeliveryResult[]> {
  return batch.map((item) => delivered(item.id));
}
