import {
  type Batch,
  type Decode,
  type DecodedEntry,
  type DeliveryResult,
  type Entry,
  eventIdentity,
  type Sink,
  settle,
} from '@distributary/core';
import { describe, expect, it, type TestContext } from 'vitest';
import { AWKWARD_LINES, entryOf, numberedEntries } from './contract-entries.ts';
import type { Fault, Faults } from './faults.ts';
import { until } from './until.ts';

/** A sink with a destination of its own, and a way to look into that destination. */
export interface SinkUnderTest<Payload> extends AsyncDisposable {
  readonly sink: Sink<Payload>;
  /** What makes the payload of an entry whose field `line` holds a line. */
  readonly decode: Decode<Payload>;
  /** What the destination holds; an entry that it stored twice twice. */
  stored(): Promise<readonly StoredEntry[]>;
  /** Where the destination cannot be made to fail, the tests that need it are skipped by name. */
  readonly faults?: Faults | undefined;
}

/** An entry as it is found at the destination. */
export interface StoredEntry {
  /** As `eventIdentity` of core has it. */
  readonly identity: string;
  /** The raw line as text. */
  readonly line: string;
  /** The raw line's bytes in base64, where they are not UTF-8. */
  readonly lineBase64?: string | undefined;
}

export interface DescribeSinkOptions {
  /** `once`: the destination recognises an entry that comes again; `again`: it stores it twice, under one identity. Default `once`. */
  readonly redelivered?: 'once' | 'again';
}

const NEED_OF_FAULTS = 'needs a destination that can be made to fail: env -u ELASTICSEARCH_URL -u SIEM_URL npm test';
const ABORT_IS_HEEDED_WITHIN_MS = 2_000;

/** What every sink has to keep, as a suite: `create` is called for each test, and what it made disposed of after it. */
export function describeSink<Payload>(
  name: string,
  create: () => Promise<SinkUnderTest<Payload>>,
  { redelivered = 'once' }: DescribeSinkOptions = {},
): void {
  describe(`${name} keeps the sink contract`, () => {
    it('delivers an empty batch to an empty list of results', () =>
      withSink(create, async ({ deliver }) => {
        expect(await deliver([])).toEqual([]);
      }));

    it('answers for each entry once, and what it calls delivered is stored', () =>
      withSink(create, async ({ deliver, expectStored }) => {
        const entries = numberedEntries(25);
        expectAllDelivered(entries, await deliver(entries));
        await expectStored(entries);
      }));

    it('delivers a batch of 1,000', () =>
      withSink(create, async ({ deliver, expectStored }) => {
        const entries = numberedEntries(1_000);
        expectAllDelivered(entries, await deliver(entries));
        await expectStored(entries);
      }));

    it.each(AWKWARD_LINES)('stores the line unchanged: $what', ({ line }) =>
      withSink(create, async ({ deliver, expectStored }) => {
        const entries = [entryOf(1, 'before'), entryOf(2, line), entryOf(3, 'behind')];
        expectAllDelivered(entries, await deliver(entries));
        await expectStored(entries);
      }),
    );

    it('stores an entry that is delivered twice under one identity', () =>
      withSink(create, async ({ deliver, expectStored, stored }) => {
        const entries = numberedEntries(10);
        expectAllDelivered(entries, await deliver(entries));
        expectAllDelivered(entries, await deliver(entries));
        await expectStored(entries);
        expect(await stored()).toHaveLength(redelivered === 'once' ? 10 : 20);
      }));

    it('delivers several batches at once', () =>
      withSink(create, async ({ deliver, expectStored }) => {
        const entries = numberedEntries(200);
        const batches = [entries.slice(0, 50), entries.slice(50, 100), entries.slice(100, 150), entries.slice(150)];
        const results = await Promise.all(batches.map((batch) => deliver(batch)));
        for (const [i, batch] of batches.entries()) expectAllDelivered(batch, results[i] ?? []);
        await expectStored(entries);
      }));

    it('closes, and closes again', () =>
      withSink(create, async ({ deliver, sink }) => {
        await deliver(numberedEntries(1));
        await sink.close?.();
        await sink.close?.();
      }));

    it('rejects an entry that the destination refuses, and delivers its neighbours', (context) =>
      withSink(create, async ({ deliver, expectStored, fail }) => {
        await fail(context, { kind: 'items', status: 400, containing: 'poison' });
        const entries = [...numberedEntries(5), entryOf(6, 'poison'), ...numberedEntries(5, 7)];
        const results = await deliver(entries);
        expect(statusesOf(entries, results)).toEqual(
          entries.map((entry) => (entry.text('line') === 'poison' ? 'rejected' : 'delivered')),
        );
        await expectStored(entries.filter((entry) => entry.text('line') !== 'poison'));
      }));

    it('throws while the destination is down, and delivers once it is back', (context) =>
      withSink(create, async ({ deliver, expectStored, fail, faults }) => {
        const entries = numberedEntries(10);
        await fail(context, { kind: 'down' });
        await expect(deliver(entries)).rejects.toBeInstanceOf(Error);
        await faults?.clear();
        await until(async () => expectAllDelivered(entries, await deliver(entries)) ?? true);
        await expectStored(entries);
      }));

    it('loses nothing when the answer is lost after the destination stored the batch', (context) =>
      withSink(create, async ({ deliver, expectStored, fail, faults }) => {
        const entries = numberedEntries(10);
        await fail(context, { kind: 'reset', after: 'commit' });
        const unanswered = await deliver(entries).catch(() => []);
        expect(unanswered.filter(({ status }) => status !== 'retry')).toEqual([]);
        await faults?.clear();
        await until(async () => expectAllDelivered(entries, await deliver(entries)) ?? true);
        await expectStored(entries);
      }));

    it('confirms nothing on an answer that is cut short', (context) =>
      withSink(create, async ({ deliver, fail }) => {
        await fail(context, { kind: 'truncated' });
        const results = await deliver(numberedEntries(10)).catch(() => []);
        expect(results.filter(({ status }) => status !== 'retry')).toEqual([]);
      }));

    it('confirms nothing on a page for people', (context) =>
      withSink(create, async ({ deliver, fail }) => {
        await fail(context, { kind: 'html' });
        const results = await deliver(numberedEntries(10)).catch(() => []);
        expect(results.filter(({ status }) => status !== 'retry')).toEqual([]);
      }));

    it('rejects soon when its signal aborts', (context) =>
      withSink(create, async ({ deliver, fail }) => {
        await fail(context, { kind: 'slow', ms: 20_000 });
        const abort = new AbortController();
        const delivery = deliver(numberedEntries(10), abort.signal);
        const settled = delivery.then(
          () => 'resolved',
          () => 'rejected',
        );
        abort.abort(new Error('given up'));
        const late = AbortSignal.timeout(ABORT_IS_HEEDED_WITHIN_MS);
        const outcome = new Promise((resolve) => late.addEventListener('abort', () => resolve('neither')));
        expect(await Promise.race([settled, outcome])).toBe('rejected');
      }));
  });
}

/** A sink under test with the entries of the suite as its language. */
interface Bench<Payload> {
  readonly sink: Sink<Payload>;
  readonly faults: Faults | undefined;
  deliver(entries: readonly Entry[], signal?: AbortSignal): Promise<readonly DeliveryResult[]>;
  stored(): Promise<readonly StoredEntry[]>;
  /** Every one of these, unchanged, and nothing else. */
  expectStored(entries: readonly Entry[]): Promise<void>;
  /** Sets the fault, or skips the test where there is no way to. */
  fail(context: TestContext, fault: Fault): Promise<void>;
}

async function withSink<Payload>(
  create: () => Promise<SinkUnderTest<Payload>>,
  test: (bench: Bench<Payload>) => Promise<void>,
): Promise<void> {
  await using underTest = await create();
  const { sink, decode, faults } = underTest;
  const stored = () => underTest.stored();
  const never = new AbortController().signal;
  await sink.open?.(never);
  try {
    await test({
      sink,
      faults,
      stored,
      deliver: (entries, signal = never) => sink.deliver(decoded(entries, decode), signal),
      expectStored: async (entries) => expectHeld(entries, await stored()),
      async fail(context, fault) {
        if (!faults) context.skip(NEED_OF_FAULTS);
        await faults?.set(fault);
      },
    });
  } finally {
    await faults?.clear();
    await sink.close?.();
  }
}

function decoded<Payload>(entries: readonly Entry[], decode: Decode<Payload>): Batch<Payload> {
  return entries.map((entry): DecodedEntry<Payload> => ({ id: entry.id, entry, payload: decode(entry) }));
}

function statusesOf(entries: readonly Entry[], results: readonly DeliveryResult[]): string[] {
  settle(decoded(entries, String), results);
  const statuses = new Map(results.map(({ id, status }) => [id, status]));
  return entries.map(({ id }) => String(statuses.get(id)));
}

function expectAllDelivered(entries: readonly Entry[], results: readonly DeliveryResult[]): void {
  expect(statusesOf(entries, results)).toEqual(entries.map(() => 'delivered'));
}

function expectHeld(entries: readonly Entry[], stored: readonly StoredEntry[]): void {
  const held = new Map(stored.map((entry) => [entry.identity, bytesOf(entry)]));
  const expected = new Map(entries.map((entry) => [eventIdentity(entry), entry.bytes('line')?.toString('hex')]));
  expect(held).toEqual(expected);
}

function bytesOf({ line, lineBase64 }: StoredEntry): string {
  return (lineBase64 === undefined ? Buffer.from(line) : Buffer.from(lineBase64, 'base64')).toString('hex');
}
