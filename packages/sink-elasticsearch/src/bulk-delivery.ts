import {
  isRefusal,
  OversizeError,
  PayloadError,
  type RequestBody,
  type RequestCeiling,
  SinkUnavailableError,
} from '@distributary/core';
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
        if (!alone && !(await this.#areConfirmed(from, judgement.verdicts))) return;
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

  /**
   * Verdicts stand at the positions of their documents; an answer that had them in another order would make a dead
   * letter of the wrong document and lose the right one. So those that are refused are sent once more by themselves.
   */
  async #areConfirmed(from: number, verdicts: readonly ItemVerdict[]): Promise<boolean> {
    const refused = verdicts.flatMap((verdict, i) => (isRefusal(verdict) ? [from + i] : []));
    if (refused.length === 0 || this.#sender.tooManyRefused(refused.length)) return true;
    const { body } = this.#documents;
    const lines = Buffer.concat(refused.map((position) => body.slice(position, position + 1)));
    const again = await this.#send(from, lines, refused.length);
    if (again === undefined) return false;
    if (again.outcome === 'mixed' && again.verdicts.every(isRefusal)) return true;
    this.#trouble ??=
      again.outcome === 'trouble'
        ? again.error
        : new SinkUnavailableError(
            'Elasticsearch refused documents that it took by themselves. The batch is sent again.',
          );
    return false;
  }

  async #request(from: number, to: number): Promise<Judgement | undefined> {
    const { ceiling } = this.#sender;
    const { body } = this.#documents;
    const judgement = await this.#send(from, body.slice(from, to), to - from);
    const bytes = body.sizeOf(from, to);
    if (judgement?.outcome === 'tooLarge') ceiling.tooLarge(bytes);
    else if (judgement && judgement.outcome !== 'trouble') ceiling.taken(bytes);
    return judgement;
  }

  /** @returns undefined when it met trouble, now or before */
  async #send(from: number, lines: Buffer, count: number): Promise<Judgement | undefined> {
    if (this.#trouble) return undefined;
    try {
      return await this.#sender.send(this.#documents.indices[from] as string, lines, count);
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
