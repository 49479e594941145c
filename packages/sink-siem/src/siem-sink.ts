import { randomUUID } from 'node:crypto';
import {
  asError,
  type Batch,
  type DeliveryResult,
  jsonText,
  RefusalGuard,
  RequestBody,
  RequestCeiling,
  resultsOf,
  type Sink,
  SinkHoldError,
  SinkUnavailableError,
  systemClock,
} from '@distributary/core';
import { Acknowledgements } from './acknowledgements.ts';
import type { Judgement } from './answer.ts';
import { Collector } from './collector.ts';
import { parseAddress } from './collector-address.ts';
import { DIALECTS, type Dialect } from './dialect.ts';
import { ENVELOPE_END, Envelope } from './envelope.ts';
import { EventDelivery } from './event-delivery.ts';
import { parseSiemSinkOptions, type SiemSinkOptions } from './siem-sink-options.ts';

/**
 * Delivers entries as events to an HTTP event collector: Splunk's, or one that takes NDJSON or a JSON array.
 *
 * An event counts as delivered only when the collector said so in so many words. Events may arrive more than once; each
 * carries the same `fields.distributary_id` every time.
 */
export class SiemSink<Payload> implements Sink<Payload> {
  readonly name = 'siem';
  readonly #options: SiemSinkOptions<Payload>;
  readonly #dialect: Dialect;
  readonly #path: string;
  readonly #envelope: Envelope;
  readonly #collector: Collector;
  readonly #ceiling: RequestCeiling;
  readonly #guard: RefusalGuard;
  readonly #acknowledgements: Acknowledgements | undefined;
  readonly #channel = randomUUID();
  #lastBatchBytes = 0;

  /** @throws OptionsError */
  constructor(options: SiemSinkOptions<Payload>) {
    const settings = parseSiemSinkOptions(options);
    this.#options = options;
    this.#dialect = DIALECTS[settings.format];
    this.#path = settings.path ?? this.#dialect.path;
    this.#envelope = new Envelope(settings);
    this.#ceiling = new RequestCeiling(settings.maxRequestBytes);
    this.#guard = new RefusalGuard(settings.refusalLimit);
    this.#collector = new Collector({
      ...settings,
      address: parseAddress(settings.url, settings.allowLinkLocal),
      authorization: this.#dialect.authorization,
      token: options.token,
      tls: options.tls ?? {},
    });
    this.#acknowledgements = settings.acknowledgement
      ? new Acknowledgements(
          (...asked) => this.#askForAcknowledgements(...asked),
          settings.acknowledgement,
          systemClock,
        )
      : undefined;
  }

  async deliver(batch: Batch<Payload>, signal: AbortSignal): Promise<readonly DeliveryResult[]> {
    signal.throwIfAborted();
    await this.#acknowledgements?.ready(signal);
    const { events, unmapped } = this.#encode(batch);
    const tooManyRefused = (refused: number) => this.#tooManyRefused(batch.length, refused);
    const delivery = new EventDelivery(events, {
      ceiling: this.#ceiling,
      send: (bytes) => this.#send(bytes, signal),
      confirmed: (ackId) => this.#confirmed(ackId, signal),
      tooManyRefused: (refused) => tooManyRefused(unmapped.size + refused),
    });
    await delivery.run();
    signal.throwIfAborted();
    const { fates, trouble } = delivery;
    return resultsOf(batch, { unmapped, fates, trouble, tooManyRefused }, this.#guard);
  }

  /** Sends a request without events, which a collector refuses after it has looked at the token, and stores nothing of. */
  async check(signal: AbortSignal): Promise<void> {
    const judgement = await this.#send(Buffer.alloc(0), signal);
    if ('error' in judgement) throw judgement.error;
  }

  async close(): Promise<void> {
    this.#acknowledgements?.close();
    await this.#collector.close();
  }

  #encode(batch: Batch<Payload>): { events: RequestBody; unmapped: ReadonlyMap<number, Error> } {
    const { event, time } = this.#options;
    const events = new RequestBody(this.#lastBatchBytes, `${ENVELOPE_END}${this.#dialect.separator}`);
    const unmapped = new Map<number, Error>();
    for (let i = 0; i < batch.length; i++) {
      const { payload, entry } = batch[i] as Batch<Payload>[number];
      try {
        const text = jsonText(event(payload, entry));
        events.append(this.#envelope.before(entry, time?.(payload, entry) ?? entry.timestamp), text);
      } catch (thrown) {
        unmapped.set(i, asError(thrown));
      }
    }
    this.#lastBatchBytes = events.byteLength;
    return { events, unmapped };
  }

  async #send(events: Buffer, signal: AbortSignal): Promise<Judgement> {
    const { body, contentType, judge } = this.#dialect;
    const channel = this.#acknowledgements?.channel ?? this.#channel;
    const headers = { 'content-type': contentType, 'x-splunk-request-channel': channel };
    try {
      return judge(await this.#collector.post(this.#path, body(events), headers, signal));
    } catch (thrown) {
      if (thrown instanceof SinkUnavailableError) this.#acknowledgements?.renewChannel(thrown.message);
      throw thrown;
    }
  }

  async #confirmed(ackId: number | undefined, signal: AbortSignal): Promise<void> {
    if (this.#acknowledgements === undefined) return;
    if (ackId !== undefined) return this.#acknowledgements.confirmation(ackId, signal);
    const remedy = 'Enable indexer acknowledgement for the token, or unset SIEM_ACK.';
    throw new SinkHoldError('The collector took events without promising an acknowledgement.', remedy);
  }

  #askForAcknowledgements(channel: string, acks: readonly number[], signal: AbortSignal) {
    const headers = { 'content-type': 'application/json', 'x-splunk-request-channel': channel };
    const path = `/services/collector/ack?channel=${channel}`;
    return this.#collector.post(path, Buffer.from(JSON.stringify({ acks })), headers, signal);
  }

  #tooManyRefused(events: number, refused: number): SinkHoldError | undefined {
    if (!this.#guard.exceeds(events, refused)) return undefined;
    return new SinkHoldError(
      `Of ${events} events at least ${refused} were refused, more than refusalLimit allows: the fault is hardly theirs.`,
      'Mend the mapping or the collector; to make dead letters of them, set refusalLimit.share to 1.',
    );
  }
}
