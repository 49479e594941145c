import { OversizeError, PayloadError, SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import type { ReceivedRequest, Script } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { batchOf, numbered, optionsFor, statuses, unaborted } from './batches.ts';
import { linesOf, SUCCESS, startScripted } from './scripted-collector.ts';

/** Refuses a request that holds one of these lines, as a collector does that stores nothing of it. */
const refusing =
  (bad: ReadonlySet<string>): Script =>
  (request) =>
    linesOf(request).some((line) => bad.has(line ?? ''))
      ? { status: 400, body: { text: 'Invalid data format', code: 6 } }
      : SUCCESS;

const accepted = (requests: readonly ReceivedRequest[], bad: string) =>
  new Set(
    requests
      .map(linesOf)
      .filter((lines) => !lines.includes(bad))
      .flat(),
  );

describe('one event at fault', () => {
  it.each(['line 0', 'line 249', 'line 499'])('is found among 500 when the whole batch is refused: %s', async (bad) => {
    await using collector = await startScripted(refusing(new Set([bad])));
    const sink = new SiemSink(optionsFor(collector.url));
    const batch = numbered(500);
    const results = await sink.deliver(batch, unaborted);
    await sink.close();
    const rejected = results.filter((result) => result.status === 'rejected');
    expect(rejected.map(({ id }) => id)).toEqual([batch.find(({ payload }) => payload === bad)?.id]);
    expect(rejected[0]?.reason).toBeInstanceOf(PayloadError);
    expect(accepted(collector.requests, bad).size).toBe(499);
    expect(collector.requests.length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(500)));
  });

  it.each([
    ['0', 400, 0],
    ['1', 400, 1],
    ['0', 503, 0],
    ['1', 503, 1],
  ])('is found by its number counted from %s, answered %i', async (_, status, base) => {
    const bad = 'line 7';
    await using collector = await startScripted((request) => {
      const position = linesOf(request).indexOf(bad);
      if (position < 0) return SUCCESS;
      const alone = linesOf(request).length === 1;
      const body = {
        text: 'as scripted',
        code: alone || status === 400 ? 6 : 9,
        'invalid-event-number': position + base,
      };
      return { status: alone ? 400 : status, body };
    });
    const sink = new SiemSink(optionsFor(collector.url));
    const results = await sink.deliver(numbered(20), unaborted);
    await sink.close();
    expect(results.flatMap(({ status: verdict }, i) => (verdict === 'rejected' ? [i] : []))).toEqual([7]);
    expect(accepted(collector.requests, bad).size).toBe(19);
    expect(collector.requests.length).toBeLessThanOrEqual(5);
  });

  it('is found with a number that makes no sense', async () => {
    await using collector = await startScripted((request) =>
      linesOf(request).includes('line 3')
        ? { status: 400, body: { text: 'as scripted', code: 12, 'invalid-event-number': 4_000 } }
        : SUCCESS,
    );
    const sink = new SiemSink(optionsFor(collector.url));
    expect(statuses(await sink.deliver(numbered(5), unaborted))[3]).toBe('rejected');
    await sink.close();
  });
});

it('does not search a busy collector event by event', async () => {
  const body = { text: 'Server is busy', code: 9, 'invalid-event-number': 5 };
  await using collector = await startScripted(() => ({ status: 503, body }));
  const sink = new SiemSink(optionsFor(collector.url));
  await expect(sink.deliver(numbered(100), unaborted)).rejects.toThrow(SinkUnavailableError);
  await sink.close();
  expect(collector.requests.length).toBeLessThanOrEqual(5);
});

it('returns what is known when the collector fails half way', async () => {
  await using collector = await startScripted((request) =>
    linesOf(request).includes('line 0') ? SUCCESS : { status: 503, headers: { 'retry-after': '2' } },
  );
  const sink = new SiemSink(optionsFor(collector.url, { maxRequestBytes: 1_024 }));
  const results = await sink.deliver(numbered(20), unaborted);
  await sink.close();
  expect(new Set(statuses(results))).toEqual(new Set(['delivered', 'retry']));
  expect(results[0]?.status).toBe('delivered');
  expect(results.at(-1)).toMatchObject({ status: 'retry', afterMs: 2_000 });
  expect(collector.requests).toHaveLength(2);
});

describe('a collector with a limit of its own', () => {
  const LIMIT = 4_000;
  const limited: Script = ({ body }) => (body.length > LIMIT ? { status: 413 } : SUCCESS);

  it('gets everything in smaller requests, and is not asked for more again', async () => {
    await using collector = await startScripted(limited);
    const sink = new SiemSink(optionsFor(collector.url));
    expect(new Set(statuses(await sink.deliver(numbered(200), unaborted)))).toEqual(new Set(['delivered']));
    for (let i = 0; i < 8; i++) await sink.deliver(numbered(200), unaborted);
    collector.requests.length = 0;
    await sink.deliver(numbered(200), unaborted);
    await sink.close();
    expect(collector.requests.filter(({ body }) => body.length > LIMIT)).toEqual([]);
  });

  it('never gets the one event that is larger than it takes', async () => {
    await using collector = await startScripted(limited);
    const sink = new SiemSink(optionsFor(collector.url));
    const results = await sink.deliver(batchOf('a', 'b'.repeat(LIMIT), 'c'), unaborted);
    await sink.close();
    expect(statuses(results)).toEqual(['delivered', 'rejected', 'delivered']);
    expect(results.find((result) => result.status === 'rejected')?.reason).toBeInstanceOf(OversizeError);
  });
});

describe('when too many events are refused', () => {
  it('holds instead of rejecting, without asking for each, and recovers when that is mended', async () => {
    const healthy: Script = () => SUCCESS;
    await using collector = await startScripted(() => ({ status: 400, body: { text: 'No', code: 6 } }));
    const sink = new SiemSink(optionsFor(collector.url));
    const batch = numbered(500);
    await expect(sink.deliver(batch, unaborted)).rejects.toThrow(SinkHoldError);
    expect(collector.requests.length).toBeLessThan(400);
    collector.requests.length = 0;
    await expect(sink.deliver(numbered(20), unaborted)).rejects.toThrow(SinkHoldError);
    await expect(sink.deliver(batch, unaborted)).rejects.toThrow(SinkHoldError);
    expect(collector.requests.length).toBeLessThan(100);
    collector.script = healthy;
    expect(new Set(statuses(await sink.deliver(batch, unaborted)))).toEqual(new Set(['delivered']));
    await sink.close();
  });

  it('keeps what was delivered and holds the rest', async () => {
    const bad = new Set(Array.from({ length: 60 }, (_, i) => `line ${i * 3}`));
    await using collector = await startScripted(refusing(bad));
    const sink = new SiemSink(optionsFor(collector.url));
    const batch = numbered(200);
    const first = await sink.deliver(batch, unaborted);
    const left = batch.filter((_, i) => first[i]?.status === 'retry');
    expect(first.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(left.length).toBeLessThan(200);
    let waiting = left;
    for (;;) {
      const results = await sink.deliver(waiting, unaborted).catch(() => undefined);
      if (results === undefined) break;
      expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
      waiting = waiting.filter((_, i) => results[i]?.status === 'retry');
      expect(waiting.length).toBeGreaterThanOrEqual(60);
    }
    await sink.close();
  });

  it('rejects them all when the limit is off', async () => {
    await using collector = await startScripted(() => ({ status: 400, body: { text: 'No', code: 6 } }));
    const sink = new SiemSink(optionsFor(collector.url, { refusalLimit: { share: 1 } }));
    expect(new Set(statuses(await sink.deliver(numbered(250), unaborted)))).toEqual(new Set(['rejected']));
    await sink.close();
  });
});
