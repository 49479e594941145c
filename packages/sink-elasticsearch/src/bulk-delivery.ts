import { OversizeError, PayloadError, type RequestBody, type RequestCeiling } from '@distributary/core';
import type { ItemVerdict, Judgement } from './answer.ts';

/** The documents of one batch, each with the index it goes to. */
export interface BulkDocuments {
  readonly body: RequestBody;
  readonly indices: readonly string[];
}

/** What a delivery needs of its sink. */
export interface BulkSender {
  readonly ceiling: RequestCeiling;
  /** Sends those documents and judges the answer; throws when there is none. */
  send(index: string, lines: Buffer, count: number): Promise<Judgement>;
  /** The reason to stop looking, once so many documents of the batch were refused alone. */
  tooManyRefused(refused: number): Error | undefined;
}

/**
 * Brings the documents of one batch to the server: in order, one index per request, in requests below the ceiling. A
 * request that is too large is halved; one that is refused as a whole is halved until each document at fault stood alone.
 * Documents may be sent twice on the way; their `_id`s make one of them.
 */
export class BulkDelivery {
  readonly #documents: BulkDocuments;
  readonly #sender: BulkSender;
  readonly #verdicts: (ItemVerdict | undefined)[];
  #refusedAlone = 0;
  #diverted = 0;
  #trouble: Error | undefined;

  constructor(documents: BulkDocuments, sender: BulkSender) {
    this.#documents = documents;
    this.#sender = sender;
    this.#verdicts = new Array(documents.body.count);
  }

  /** By position; a document without a verdict met {@link trouble}. */
  get verdicts(): readonly (ItemVerdict | undefined)[] {
    return this.#verdicts;
  }

  /** What kept the rest of the documents from the server: nothing more was sent after it. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /** How many were delivered into the failure store. */
  get diverted(): number {
    return this.#diverted;
  }

  async run(): Promise<void> {
    const { count } = this.#documents.body;
    for (let from = 0; from < count && !this.#trouble; ) {
      const to = this.#endOfRequest(from);
      await this.#deliver(from, to);
      from = to;
    }
  }

  #endOfRequest(from: number): number {
    const { body, indices } = this.#documents;
    const { bytes } = this.#sender.ceiling;
    let to = from + 1;
    while (to < body.count && indices[to] === indices[from] && body.sizeOf(from, to + 1) <= bytes) to++;
    return to;
  }

  async #deliver(from: number, to: number): Promise<void> {
    const judgement = await this.#request(from, to);
    if (judgement === undefined) return;
    const alone = to - from === 1;
    switch (judgement.outcome) {
      case 'stored':
        this.#verdicts.fill('delivered', from, to);
        return;
      case 'mixed':
        for (const [i, verdict] of judgement.verdicts.entries()) this.#verdicts[from + i] = verdict;
        this.#diverted += judgement.diverted;
        return;
      case 'trouble':
        this.#trouble ??= judgement.error;
        return;
      case 'tooLarge':
        if (!alone) return this.#deliverHalves(from, to);
        return this.#refuse(from, new OversizeError(this.#oversize(from)));
      case 'refused':
        if (!alone) return this.#deliverHalves(from, to);
        return this.#refuse(from, new PayloadError(`${judgement.reason}, with this document alone. Mend the mapping.`));
    }
  }

  async #request(from: number, to: number): Promise<Judgement | undefined> {
    if (this.#trouble) return undefined;
    const { ceiling } = this.#sender;
    const { body, indices } = this.#documents;
    const bytes = body.sizeOf(from, to);
    try {
      const judgement = await this.#sender.send(indices[from] as string, body.slice(from, to), to - from);
      if (judgement.outcome === 'tooLarge') ceiling.tooLarge(bytes);
      else if (judgement.outcome !== 'trouble') ceiling.taken(bytes);
      return judgement;
    } catch (thrown) {
      this.#trouble ??= thrown as Error;
      return undefined;
    }
  }

  /** In turn, so that a batch with nothing but faults is recognised as one after few requests. */
  async #deliverHalves(from: number, to: number): Promise<void> {
    const middle = (from + to) >>> 1;
    await this.#deliver(from, middle);
    await this.#deliver(middle, to);
  }

  #refuse(position: number, reason: PayloadError | OversizeError): void {
    this.#verdicts[position] = reason;
    this.#refusedAlone++;
    this.#trouble ??= this.#sender.tooManyRefused(this.#refusedAlone);
  }

  #oversize(position: number): string {
    const bytes = this.#documents.body.sizeOf(position, position + 1);
    return `Elasticsearch takes no document of ${bytes} bytes. Raise http.max_content_length, or make the mapping shorten the document.`;
  }
}
