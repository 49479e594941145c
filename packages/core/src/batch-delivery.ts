import type { Span } from '@opentelemetry/api';
import { Backoff } from './backoff.ts';
import type { BatchSpans } from './batch-spans.ts';
import type { ReadBatch } from './batching.ts';
import type { Clock } from './clock.ts';
import type { CrashIsolation, Guard } from './crash-isolation.ts';
import type { Destination } from './destination.ts';
import type { Batch, DecodedEntry, Entry } from './entry.ts';
import { asError, CrashedError } from './errors.ts';
import type { DeadLetter } from './group.ts';
import type { InHand, Lease } from './in-hand.ts';
import { leasePassed } from './large-values.ts';
import type { RedisTrouble } from './redis-trouble.ts';
import type { Screen } from './screen.ts';
import { type Settlement, settle, type Verdict } from './settlement.ts';
import type { Settling } from './settling.ts';
import type { Rejected } from './sink.ts';
import type { Report, Settled } from './stream-consumer-events.ts';

/** What a delivery needs of its surroundings. */
export interface DeliveryPorts<Payload> {
  readonly destination: Destination<Payload>;
  readonly screen: Screen<Payload>;
  readonly settling: Settling;
  readonly isolation: CrashIsolation;
  readonly trouble: RedisTrouble;
  readonly inHand: InHand;
  readonly spans: BatchSpans;
  readonly clock: Clock;
  readonly report: Report;
}

/** Pauses before entries are delivered again that the sink wants again while it takes others: throttled ones, mostly. */
const RETRY_PAUSES = { minMs: 100, maxMs: 30_000 };

/** One batch: screen, deliver, settle, and hand its entries on to be acknowledged or set aside. */
export class BatchDelivery<Payload> {
  readonly #ports: DeliveryPorts<Payload>;

  constructor(ports: DeliveryPorts<Payload>) {
    this.#ports = ports;
  }

  /**
   * Returns when every entry of the batch has a final verdict, or the signal aborted; acknowledging goes on behind it.
   * @throws SinkContractError
   */
  async deliver(read: ReadBatch, signal: AbortSignal): Promise<void> {
    const { isolation, settling, inHand, trouble, screen } = this.#ports;
    if (signal.aborted) return inHand.release(read.lease);
    if (!read.alone) return this.#deliver(read.lease, unguarded, signal);
    const [entry] = read.lease.entries as [Entry];
    const ended = await trouble.persist('isolation', () => isolation.ended(entry.id), signal);
    if (ended === undefined) return inHand.release(read.lease);
    if (isolation.convicts(ended)) return settling.setAside(read.lease, [crashed(screen.masked(entry))]);
    await this.#deliver(read.lease, isolation.guard(entry.id, ended, signal), signal);
    if (!signal.aborted) await trouble.persist('isolation', () => isolation.acquit(entry.id, ended), signal);
  }

  async #deliver(lease: Lease, guard: Guard, signal: AbortSignal): Promise<void> {
    const { screen, inHand, settling } = this.#ports;
    const { items, refused } = await guard(async () => screen.pass(lease.entries));
    if (refused.length === 0) return this.#inSpan(lease, items, guard, signal);
    const [rest, dead] = inHand.split(lease, [entriesOf(items), refused.map((letter) => letter.entry)]) as [
      Lease,
      Lease,
    ];
    settling.setAside(dead, refused);
    return this.#inSpan(rest, items, guard, signal);
  }

  #inSpan(lease: Lease, items: Batch<Payload>, guard: Guard, signal: AbortSignal): Promise<void> | void {
    if (items.length === 0) return this.#ports.inHand.release(lease);
    return this.#ports.spans.around(items, (span) => this.#untilSettled(lease, items, { guard, span }, signal));
  }

  async #untilSettled(
    lease: Lease,
    items: Batch<Payload>,
    { guard, span }: { readonly guard: Guard; readonly span: Span },
    signal: AbortSignal,
  ): Promise<void> {
    const { destination, inHand, clock, report } = this.#ports;
    const backoff = new Backoff(RETRY_PAUSES, clock);
    let batch = items;
    for (let attempts = 1; batch.length > 0; attempts++) {
      const startedAt = clock.now();
      const results = await destination.deliver(batch, guard, signal);
      leasePassed(lease);
      if (!results) break;
      const settlement = settle(batch, results);
      const again = this.#settleLease(lease, batch, settlement, attempts);
      const settled = counted(settlement, clock.now() - startedAt);
      report('settled', settled);
      span.addEvent('settled', { ...settled });
      const { delivered: count, tookMs } = settled;
      if (count > 0) report('delivered', { count, tookMs });
      if (!again) return;
      lease = again;
      batch = settlement.retried.map(({ item }) => item);
      await this.#pause(settlement, backoff, signal);
    }
    inHand.release(lease);
  }

  /** Splits the lease by fate and sends the finished parts on. @returns the part that comes again */
  #settleLease(
    lease: Lease,
    batch: Batch<Payload>,
    settlement: Settlement<Payload>,
    attempts: number,
  ): Lease | undefined {
    const { settling, inHand } = this.#ports;
    const { delivered, retried, rejected } = settlement;
    if (delivered.length === batch.length) {
      settling.acknowledge(lease);
      return undefined;
    }
    const confirmed = new Set(delivered);
    const [done, dead, again] = inHand.split(lease, [
      entriesOf(batch.filter((item) => confirmed.has(item.id))),
      entriesOf(rejected.map(({ item }) => item)),
      entriesOf(retried.map(({ item }) => item)),
    ]) as [Lease, Lease, Lease];
    if (delivered.length > 0) settling.acknowledge(done);
    if (rejected.length > 0) settling.setAside(dead, lettersOf(rejected, attempts));
    return retried.length > 0 ? again : undefined;
  }

  async #pause({ retried }: Settlement<Payload>, backoff: Backoff, signal: AbortSignal): Promise<void> {
    const asked = retried.reduce((longest, { result: { afterMs = 0 } }) => (afterMs > longest ? afterMs : longest), 0);
    const afterMs = Math.max(backoff.nextMs(), Math.min(asked, 2 * RETRY_PAUSES.maxMs));
    const reason = asError(retried[0]?.result.reason);
    this.#ports.report('retried', { count: retried.length, reason, afterMs });
    await this.#ports.clock.sleep(afterMs, signal);
  }
}

function counted({ delivered, duplicates, retried, rejected }: Settlement<unknown>, tookMs: number): Settled {
  return {
    entries: delivered.length + retried.length + rejected.length,
    delivered: delivered.length,
    duplicates,
    retried: retried.length,
    rejected: rejected.length,
    tookMs,
    firstDelivered: delivered[0],
    lastDelivered: delivered.at(-1),
  };
}

const unguarded: Guard = (run) => run();

function entriesOf(items: readonly DecodedEntry<unknown>[]): Entry[] {
  return items.map((item) => item.entry);
}

function lettersOf(rejected: readonly Verdict<unknown, Rejected>[], attempts: number): DeadLetter[] {
  return rejected.map(({ item, result }) => ({
    entry: item.entry,
    verdict: 'rejected',
    reason: asError(result.reason).message,
    attempts,
  }));
}

function crashed(entry: Entry): DeadLetter {
  const reason = new CrashedError(
    'Each time this entry was delivered alone the process ended before the delivery did. Deliver it by hand with a debugger attached.',
  );
  return { entry, verdict: 'crashed', reason: reason.message, attempts: 0 };
}
