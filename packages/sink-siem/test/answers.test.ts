import { gzipSync } from 'node:zlib';
import { SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import type { ScriptedAnswer } from '@distributary/testing';
import { expect, it } from 'vitest';
import { numbered, optionsFor, statuses, unaborted } from './batches.ts';
import { startScripted } from './scripted-collector.ts';

const code = (number: number) => ({ text: 'as scripted', code: number });

function halfCompressed(body: object): ScriptedAnswer {
  const compressed = gzipSync(JSON.stringify(body));
  return { status: 200, headers: { 'content-encoding': 'gzip' }, body: compressed.subarray(0, compressed.length / 2) };
}

it.each([
  ...[8, 9, 18, 19, 20, 23, 99].map((number) => [`503 with code ${number}`, { status: 503, body: code(number) }]),
  ...[408, 425, 429, 500, 501, 502, 504].map((status) => [String(status), { status }]),
  ['200 with an empty body', { status: 200 }],
  ['204', { status: 204 }],
  ['200 with text', { status: 200, body: 'OK' }],
  ['200 with half an answer', { status: 200, body: '{"text":"Success","co' }],
  ['200 with half a compressed answer', halfCompressed({ text: 'Success', code: 0 })],
  ['200 without a code', { status: 200, body: { text: 'Success' } }],
  ['200 with a list', { status: 200, body: [] }],
  ['200 with the code as text', { status: 200, body: { code: '0' } }],
  ['200 with code 6', { status: 200, body: code(6) }],
  ['200 with code 99', { status: 200, body: code(99) }],
  ['500 with code 0', { status: 500, body: code(0) }],
] as [string, ScriptedAnswer][])('sends the batch again after %s', async (_, answer) => {
  const thrown = await troubleAfter(answer);
  expect(thrown).toBeInstanceOf(SinkUnavailableError);
});

it.each([
  ...[1, 4].map((number) => [`403 with code ${number}`, { status: 403, body: code(number) }]),
  ...[2, 3].map((number) => [`401 with code ${number}`, { status: 401, body: code(number) }]),
  ...[7, 10, 11, 14, 16, 21, 22].map((number) => [`400 with code ${number}`, { status: 400, body: code(number) }]),
  ['400 with an unknown code', { status: 400, body: code(99) }],
  ['400 with text', { status: 400, body: 'Bad request' }],
  ['400 with code 0', { status: 400, body: code(0) }],
  ['200 with code 4', { status: 200, body: code(4) }],
  ['200 with a page', { status: 200, body: '<!doctype html><title>Log in</title>' }],
  ...[301, 401, 403, 404, 405, 415].map((status) => [`${status} with text`, { status, body: 'no' }]),
  ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }],
] as [string, ScriptedAnswer][])('holds after %s, with a remedy', async (_, answer) => {
  const thrown = await troubleAfter(answer);
  expect(thrown).toBeInstanceOf(SinkHoldError);
  expect((thrown as SinkHoldError).remedy).toMatch(/^\w.+\.$/);
});

it.each([
  ['3', 3_000],
  [new Date(Date.now() + 3_600_000).toUTCString(), 3_600_000],
])('passes on how long the collector asked to wait: Retry-After %s', async (header, expected) => {
  const thrown = await troubleAfter({ status: 503, body: code(9), headers: { 'retry-after': header } });
  const { retryAfterMs = 0 } = thrown as SinkUnavailableError;
  expect(retryAfterMs).toBeGreaterThan(expected - 30_000);
  expect(retryAfterMs).toBeLessThanOrEqual(expected);
});

it.each([200, 201, 202, 204])('counts %i of a collector without codes as a confirmation', async (status) => {
  await using collector = await startScripted(() => ({ status }));
  const sink = new SiemSink(optionsFor(collector.url, { format: 'ndjson' }));
  expect(statuses(await sink.deliver(numbered(2), unaborted))).toEqual(['delivered', 'delivered']);
  await sink.close();
});

it.each([
  ['a body that reports an error', { status: 200, body: { errors: true } }],
  ['a code', { status: 200, body: code(6) }],
  ['half a body', { status: 200, body: '{"ok":tr' }],
  ['207', { status: 207 }],
] as [string, ScriptedAnswer][])('counts %s of such a collector as no confirmation', async (_, answer) => {
  expect(await troubleAfter(answer, 'ndjson')).toBeInstanceOf(SinkUnavailableError);
});

it('keeps control characters of an answer out of its error', async () => {
  const thrown = await troubleAfter({ status: 500, body: 'a\u001b[31m\r\nb' });
  expect(thrown?.message).toContain('"a [31m b"');
});

async function troubleAfter(answer: ScriptedAnswer, format: 'hec' | 'ndjson' = 'hec'): Promise<Error | undefined> {
  await using collector = await startScripted(() => answer);
  const sink = new SiemSink(optionsFor(collector.url, { format }));
  const thrown = await sink.deliver(numbered(3), unaborted).then(
    () => undefined,
    (error: Error) => error,
  );
  await sink.close();
  expect(collector.requests).toHaveLength(1);
  return thrown;
}
