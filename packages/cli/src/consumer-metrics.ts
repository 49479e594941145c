import type { EntryId, GroupStatus, Settled, StreamConsumer } from '@distributary/core';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ConsumerTroubles } from './consumer-troubles.ts';
import type { RecentStatus } from './recent-status.ts';

const BATCH_ENTRIES = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const DELIVERY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const AGE_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400];

/**
 * What a consumer reports, counted for Prometheus: per batch, and since this process started. Where the group stands is
 * asked of Redis at a scrape; while Redis does not answer, those series are absent rather than old.
 */
export class ConsumerMetrics {
  readonly #registry = new Registry();
  readonly #consumer: StreamConsumer<unknown>;
  readonly #troubles: ConsumerTroubles;
  readonly #status: RecentStatus;
  readonly #delivered = this.#counter('delivered_total', 'Entries that the sink confirmed.');
  readonly #retried = this.#counter('retried_total', 'Verdicts by which the sink asked for an entry again.');
  readonly #rejected = this.#counter('rejected_total', 'Entries that the destination refused for good.');
  readonly #deadLettered = this.#counter('dead_lettered_total', 'Entries set aside as dead letters and acknowledged.');
  readonly #lost = this.#counter(
    'lost_total',
    'Entries trimmed before the group had them; each process of a group tells of those that nobody had read.',
  );
  readonly #duplicates = this.#counter(
    'duplicates_total',
    'Of the delivered entries, those that the destination said it held before; a collector cannot say.',
  );
  readonly #batchEntries = this.#histogram('batch_entries', 'Entries of one delivery to the sink.', BATCH_ENTRIES);
  readonly #deliverySeconds = this.#histogram(
    'delivery_seconds',
    'From the hand-over of a batch to the sink until its verdicts, outages included.',
    DELIVERY_SECONDS,
  );
  readonly #entryAge = this.#histogram(
    'entry_age_seconds',
    "End to end: from an entry's addition to the stream until its confirmation; of each batch the first and the last entry.",
    AGE_SECONDS,
  );
  readonly #lagEntries = this.#gauge('lag_entries', 'Entries not yet handed out to the group.');
  readonly #lagSeconds = this.#gauge('lag_seconds', 'Between the last entry handed out and the newest of the stream.');
  readonly #pending = this.#gauge('pending_entries', 'Entries handed out to the group and not yet acknowledged.');
  readonly #oldestPending = this.#gauge('oldest_pending_seconds', 'Since the oldest pending entry was added, or 0.');
  readonly #deadLetters = this.#gauge('dead_letters', "Entries in the group's dead-letter stream.");
  readonly #held = this.#gauge(
    'held',
    '1 while the destination refuses everything, or no dead letter may be added, until somebody acts.',
  );
  readonly #inHandBytes = this.#gauge('in_hand_bytes', 'Bytes that this process has read and not yet acknowledged.');
  readonly #inHandEntries = this.#gauge(
    'in_hand_entries',
    'Entries that this process has read and not yet acknowledged.',
  );

  constructor(consumer: StreamConsumer<unknown>, troubles: ConsumerTroubles, status: RecentStatus) {
    this.#consumer = consumer;
    this.#troubles = troubles;
    this.#status = status;
    this.#registry.setDefaultLabels({ ...consumer.identity });
    collectDefaultMetrics({ register: this.#registry });
    consumer.on('settled', (settled) => this.#count(settled));
    consumer.on('deadLettered', () => this.#deadLettered.inc());
    consumer.on('lost', ({ count }) => this.#lost.inc(count));
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in the text format of Prometheus. */
  async text(): Promise<string> {
    const status = await this.#status.get().catch(() => undefined);
    this.#stand(status?.exists ? status : undefined);
    this.#held.set(this.#troubles.held ? 1 : 0);
    this.#inHandBytes.set(this.#consumer.inHand.bytes);
    this.#inHandEntries.set(this.#consumer.inHand.entries);
    return this.#registry.metrics();
  }

  #count({ entries, delivered, duplicates, retried, rejected, tookMs, firstDelivered, lastDelivered }: Settled): void {
    this.#batchEntries.observe(entries);
    this.#deliverySeconds.observe(tookMs / 1_000);
    this.#delivered.inc(delivered);
    this.#duplicates.inc(duplicates);
    this.#retried.inc(retried);
    this.#rejected.inc(rejected);
    if (firstDelivered !== undefined) this.#entryAge.observe(ageSeconds(firstDelivered));
    if (delivered > 1 && lastDelivered !== undefined) this.#entryAge.observe(ageSeconds(lastDelivered));
  }

  #stand(status: GroupStatus | undefined): void {
    set(this.#lagEntries, status?.lagEntries);
    set(this.#lagSeconds, status && status.lagMs / 1_000);
    set(this.#pending, status?.pending);
    set(this.#oldestPending, status && (status.oldestPendingAgeMs ?? 0) / 1_000);
    set(this.#deadLetters, status?.deadLetters);
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `distributary_${name}`, help, registers: [this.#registry] });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name: `distributary_${name}`, help, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name: `distributary_${name}`, help, buckets, registers: [this.#registry] });
  }
}

/** What is not known is not shown. */
function set(gauge: Gauge, value: number | null | undefined): void {
  if (value === null || value === undefined) gauge.remove({});
  else gauge.set(value);
}

/** By this host's clock against the one that gave the ID. */
function ageSeconds(id: EntryId): number {
  return Math.max(0, Date.now() - Number.parseInt(id, 10)) / 1_000;
}
