import { SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import type { ReceivedRequest, Script, ScriptedAnswer } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { numbered, optionsFor, statuses, unaborted } from './batches.ts';
import { startScripted } from './scripted-collector.ts';

const QUICK = { pollMs: 5, maxPollMs: 20, timeoutMs: 10_000 };
const isQuestion = ({ path }: ReceivedRequest) => path.startsWith('/services/collector/ack');
const askedFor = ({ body }: ReceivedRequest) => (JSON.parse(String(body)) as { acks: number[] }).acks;

/** Takes every request under an ID of its own, and answers questions with `answer`. */
function promising(answer: (acks: number[]) => ScriptedAnswer): Script {
  let next = 0;
  return (request) =>
    isQuestion(request)
      ? answer(askedFor(request))
      : { status: 200, body: { text: 'Success', code: 0, ackId: next++ } };
}

const say = (acks: number[], stored: (id: number) => boolean): ScriptedAnswer => ({
  status: 200,
  body: { acks: Object.fromEntries(acks.map((id) => [id, stored(id)])) },
});

it('counts entries as delivered only when the collector has stored them', async () => {
  let stored = false;
  await using collector = await startScripted(promising((acks) => say(acks, () => stored)));
  const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: QUICK }));
  let settled = false;
  const delivery = sink.deliver(numbered(3), unaborted).finally(() => {
    settled = true;
  });
  await expect.poll(() => collector.requests.filter(isQuestion).length).toBeGreaterThan(3);
  expect(settled).toBe(false);
  stored = true;
  expect(statuses(await delivery)).toEqual(['delivered', 'delivered', 'delivered']);
  await sink.close();
});

it('asks for all outstanding requests at once, in the channel they were sent in', async () => {
  let open = false;
  await using collector = await startScripted(promising((acks) => say(acks, () => open)));
  const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: QUICK }));
  const deliveries = Promise.all([1, 2, 3].map((count) => sink.deliver(numbered(count), unaborted)));
  const questions = () => collector.requests.filter(isQuestion);
  await expect.poll(() => questions().map(askedFor).at(-1)).toEqual([0, 1, 2]);
  open = true;
  await deliveries;
  await sink.close();
  const channels = new Set(collector.requests.map(({ headers }) => headers['x-splunk-request-channel']));
  expect(channels.size).toBe(1);
  expect(questions()[0]?.path).toContain(`channel=${[...channels][0]}`);
});

describe('never counts as delivered what', () => {
  it('is not confirmed in time', async () => {
    await using collector = await startScripted(promising((acks) => say(acks, () => false)));
    const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: { ...QUICK, timeoutMs: 60 } }));
    await expect(sink.deliver(numbered(3), unaborted)).rejects.toThrow(SinkUnavailableError);
    await sink.close();
  });

  it.each([
    ['404', { status: 404, body: 'Not found' }, SinkUnavailableError],
    ['text', { status: 200, body: 'Success' }, SinkUnavailableError],
    ['half an answer', { status: 200, body: '{"acks":{"0":tr' }, SinkUnavailableError],
    ['an answer without acks', { status: 200, body: { code: 0 } }, SinkUnavailableError],
    ['a redirect', { status: 302, headers: { location: '/' } }, SinkUnavailableError],
    ['a lost channel', { status: 400, body: { text: 'Invalid data channel', code: 11 } }, SinkUnavailableError],
    ['disabled acknowledgement', { status: 400, body: { text: 'ACK is disabled', code: 14 } }, SinkHoldError],
    ['a wrong token', { status: 401, body: 'Unauthorized' }, SinkHoldError],
  ] as const)('is asked for and answered with %s', async (_, answer, kind) => {
    await using collector = await startScripted(promising(() => answer));
    const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: QUICK }));
    await expect(sink.deliver(numbered(3), unaborted)).rejects.toThrow(kind);
    await sink.close();
  });

  it('was taken without the promise of an acknowledgement', async () => {
    await using collector = await startScripted();
    const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: QUICK }));
    await expect(sink.deliver(numbered(3), unaborted)).rejects.toThrow(SinkHoldError);
    await sink.close();
  });

  it('shares its acknowledgement ID with a later request', async () => {
    let stored = false;
    const script: Script = (request) =>
      isQuestion(request) ? say(askedFor(request), () => stored) : { status: 200, body: { code: 0, ackId: 0 } };
    await using collector = await startScripted(script);
    const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: QUICK }));
    const first = expect(sink.deliver(numbered(1), unaborted)).rejects.toThrow(SinkUnavailableError);
    await expect.poll(() => collector.requests.filter(isQuestion).length).toBeGreaterThan(0);
    const second = sink.deliver(numbered(1), unaborted);
    await first;
    stored = true;
    expect(statuses(await second)).toEqual(['delivered']);
    await sink.close();
  });

  it('waited while the answer to another request was lost', async () => {
    let lose = false;
    const taking = promising((acks) => say(acks, () => false));
    await using collector = await startScripted((request, response) => {
      if (isQuestion(request) || !lose) return taking(request, response);
      response.destroy();
      return undefined;
    });
    const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: QUICK }));
    const first = expect(sink.deliver(numbered(1), unaborted)).rejects.toThrow(SinkUnavailableError);
    await expect.poll(() => collector.requests.filter(isQuestion).length).toBeGreaterThan(0);
    lose = true;
    await expect(sink.deliver(numbered(2), unaborted)).rejects.toThrow(SinkUnavailableError);
    await first;
    lose = false;
    collector.script = promising((acks) => say(acks, () => true));
    expect(statuses(await sink.deliver(numbered(1), unaborted))).toEqual(['delivered']);
    await sink.close();
    expect(new Set(collector.requests.map(({ headers }) => headers['x-splunk-request-channel'])).size).toBe(2);
  });
});

it('keeps asking while the collector is busy', async () => {
  let questions = 0;
  const script = promising((acks) => (++questions < 5 ? { status: 503, body: { code: 9 } } : say(acks, () => true)));
  await using collector = await startScripted(script);
  const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: QUICK }));
  expect(statuses(await sink.deliver(numbered(1), unaborted))).toEqual(['delivered']);
  await sink.close();
});

it('sends nothing again while asking is in vain, and goes on when it is not', async () => {
  let found = false;
  const script = promising((acks) => (found ? say(acks, () => true) : { status: 404, body: 'Not found' }));
  await using collector = await startScripted(script);
  const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: QUICK }));
  for (let i = 0; i < 5; i++) await expect(sink.deliver(numbered(1), unaborted)).rejects.toThrow(SinkUnavailableError);
  expect(collector.requests.filter((request) => !isQuestion(request))).toHaveLength(1);
  found = true;
  expect(statuses(await sink.deliver(numbered(1), unaborted))).toEqual(['delivered']);
  await sink.close();
});

it('stops waiting when the delivery is aborted or the sink closed', async () => {
  await using collector = await startScripted(promising((acks) => say(acks, () => false)));
  const sink = new SiemSink(optionsFor(collector.url, { acknowledgement: QUICK }));
  const abort = new AbortController();
  const aborted = expect(sink.deliver(numbered(1), abort.signal)).rejects.toThrow('enough');
  const closed = expect(sink.deliver(numbered(1), unaborted)).rejects.toThrow(SinkUnavailableError);
  await expect.poll(() => collector.requests.filter(isQuestion).length).toBeGreaterThan(1);
  abort.abort(new Error('enough'));
  await aborted;
  await sink.close();
  await closed;
});
