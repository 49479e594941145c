import {
  asError,
  type Batch,
  type DeliveryResult,
  eventIdentityJson,
  jsonText,
  RefusalGuard,
  RequestBody,
  RequestCeiling,
  resultsOf,
  type Sink,
  SinkHoldError,
} from '@distributary/core';
import { checkAccess } from './access-check.ts';
import type { Judgement } from './answer.ts';
import { judgeBulk } from './bulk-answer.ts';
import { BulkDelivery, type BulkDocuments } from './bulk-delivery.ts';
import { ElasticsearchServer } from './elasticsearch-server.ts';
import { type ElasticsearchSinkOptions, parseElasticsearchSinkOptions } from './elasticsearch-sink-options.ts';
import { IndexName } from './index-name.ts';
import { installTemplate, majorOf } from './opening.ts';

/**
 * Delivers entries as documents to Elasticsearch 8 or 9 by the bulk API, with a verdict for each of them.
 *
 * A document counts as delivered when its own item of the answer says that it is stored, now or from an earlier
 * delivery: its `_id` and its index depend on the entry alone.
 */
export class ElasticsearchSink<Payload> implements Sink<Payload> {
  readonly name = 'elasticsearch';
  readonly #options: ElasticsearchSinkOptions<Payload>;
  readonly #server: ElasticsearchServer;
  readonly #index: IndexName;
  readonly #ceiling: RequestCeiling;
  readonly #guard: RefusalGuard;
  #major: number | undefined;
  #diverted = 0;
  #lastBatchBytes = 0;

  /** @throws OptionsError */
  constructor(options: ElasticsearchSinkOptions<Payload>) {
    const settings = parseElasticsearchSinkOptions(options);
    this.#options = options;
    this.#index = new IndexName(settings.index);
    this.#ceiling = new RequestCeiling(settings.maxRequestBytes);
    this.#guard = new RefusalGuard(settings.refusalLimit);
    this.#server = new ElasticsearchServer(options, settings);
  }

  /** Documents that were delivered into the failure store of their data stream, since the process started. */
  get diverted(): number {
    return this.#diverted;
  }

  /** Finds out the server's version and installs the template. */
  async open(signal: AbortSignal): Promise<void> {
    const major = await majorOf(this.#server, signal);
    const { template } = this.#options;
    if (template) await installTemplate(this.#server, { template, index: this.#index, major }, signal);
    this.#major = major;
  }

  async deliver(batch: Batch<Payload>, signal: AbortSignal): Promise<readonly DeliveryResult[]> {
    signal.throwIfAborted();
    this.#major ??= await majorOf(this.#server, signal);
    const { documents, unmapped } = this.#encode(batch);
    const tooManyRefused = (refused: number) => this.#tooManyRefused(batch.length, refused);
    const delivery = new BulkDelivery(documents, {
      ceiling: this.#ceiling,
      send: (index, lines, count) => this.#send(index, lines, count, signal),
      tooManyRefused: (refused) => tooManyRefused(unmapped.size + refused),
    });
    await delivery.run();
    signal.throwIfAborted();
    if (delivery.diverted > 0) this.#countDiverted(delivery.diverted);
    const { verdicts: fates, trouble } = delivery;
    return resultsOf(batch, { unmapped, fates, trouble, tooManyRefused }, this.#guard);
  }

  /** Asks for the product, its version, what its user may do and whether the index is blocked. */
  async check(signal: AbortSignal): Promise<void> {
    const major = await majorOf(this.#server, signal);
    await checkAccess(this.#server, { index: this.#index, major }, signal);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #encode(batch: Batch<Payload>): { documents: BulkDocuments; unmapped: ReadonlyMap<number, Error> } {
    const { document } = this.#options;
    const body = new RequestBody(this.#lastBatchBytes, '\n');
    const indices: string[] = [];
    const unmapped = new Map<number, Error>();
    for (let i = 0; i < batch.length; i++) {
      const { payload, entry } = batch[i] as Batch<Payload>[number];
      try {
        const text = jsonText(document(payload, entry));
        body.append(`{"create":{"_id":${eventIdentityJson(entry)}}}\n`, text);
        indices.push(this.#index.at(entry.timestamp));
      } catch (thrown) {
        unmapped.set(i, asError(thrown));
      }
    }
    this.#lastBatchBytes = body.byteLength;
    return { documents: { body, indices }, unmapped };
  }

  async #send(index: string, lines: Buffer, count: number, signal: AbortSignal): Promise<Judgement> {
    const answer = await this.#server.bulk(index, lines, this.#major as number, signal);
    const judgement = judgeBulk(answer, count);
    // After an upgrade or a downgrade the server may refuse the version that it was asked in: ask it anew.
    if (judgement.outcome === 'trouble' && judgement.error instanceof SinkHoldError) this.#major = undefined;
    return judgement;
  }

  #tooManyRefused(documents: number, refused: number): SinkHoldError | undefined {
    if (!this.#guard.exceeds(documents, refused)) return undefined;
    return new SinkHoldError(
      `Of ${documents} documents at least ${refused} were refused, more than refusalLimit allows: the fault is hardly theirs.`,
      'Mend the mapping or the index template; to make dead letters of them, set refusalLimit.share to 1.',
    );
  }

  #countDiverted(diverted: number): void {
    if (this.#diverted === 0) {
      process.emitWarning(
        `Elasticsearch put documents for ${this.#options.index} into the failure store instead of the index. Look at them by GET <data stream>::failures/_search.`,
        { code: 'DISTRIBUTARY_DIVERTED' },
      );
    }
    this.#diverted += diverted;
  }
}
