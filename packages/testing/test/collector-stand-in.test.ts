import { type CollectorFixture, startCollector } from '@distributary/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { get, post, request } from './http.ts';

const CHANNEL = '0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba';
const TOKEN = { authorization: 'Splunk secret' };

const event = (id: string, text = id) => JSON.stringify({ event: { text }, fields: { distributary_id: id } });

describe('the collector stand-in', () => {
  let collector: CollectorFixture;
  let events: string;

  beforeEach(async () => {
    collector = await startCollector({ standIn: true });
    events = `${collector.url}/services/collector/event`;
  });
  afterEach(() => collector[Symbol.asyncDispose]());

  const ids = async () => (await collector.stored()).map(({ id }) => id);

  it('takes events that stand one behind the other, whatever is between and within them', async () => {
    const awkward = event('b', '} { " \\ \n {"event":"smuggled"}');
    const { status, body } = await post(events, `${event('a')}${awkward}\n\n  ${event('c')}\n`);
    expect([status, body]).toEqual([200, { text: 'Success', code: 0 }]);
    expect(await ids()).toEqual(['a', 'b', 'c']);
    expect((await collector.stored())[1]?.document['event']).toEqual({ text: '} { " \\ \n {"event":"smuggled"}' });
  });

  it('takes an event of many megabytes', async () => {
    await post(events, event('large', '\\"x'.repeat(3_000_000)));
    expect(await ids()).toEqual(['large']);
  });

  it('stores an event that comes again twice, and counts it', async () => {
    await post(events, event('a') + event('a'));
    await post(events, event('a') + JSON.stringify({ event: 'nameless' }) + JSON.stringify({ event: 'nameless' }));
    expect(await ids()).toEqual(['a', 'a', 'a', '', '']);
    expect(await collector.counts()).toEqual({ requests: 2, deliveries: 2, duplicates: 2, stored: 5 });
  });

  it.each([
    ['no event', '  ', 5],
    ['what is no JSON', `${event('x')}{"event":`, 6],
    ['an array', '[]', 6],
    ['an event without the field', `${event('x')}{"fields":{}}${event('y')}`, 12],
    ['a blank event', '{"event":""}', 13],
  ])('refuses a request that holds %s, and names the event', async (_, body, code) => {
    const answer = await post(events, body);
    expect([answer.status, answer.body.code]).toEqual([400, code]);
    const position = body.startsWith('{"event":{') ? 1 : 0;
    expect(answer.body['invalid-event-number']).toBe(code === 5 ? undefined : position);
    expect(await ids()).toEqual(position === 1 ? ['x'] : []);
  });

  it('answers for its health, and 404 and 405 for what it is not', async () => {
    expect((await get(`${collector.url}/services/collector/health`)).body).toEqual({
      text: 'HEC is healthy',
      code: 17,
    });
    expect((await get(`${collector.url}/services/collector/health/1.0`)).status).toBe(200);
    expect((await post(`${collector.url}/services/other`, '')).status).toBe(404);
    expect((await request('GET', events)).status).toBe(405);
  });

  it('says that acknowledgement is off', async () => {
    const { status, body } = await post(`${collector.url}/services/collector/ack`, '{"acks":[0]}');
    expect([status, body.code]).toEqual([400, 14]);
  });

  it('takes lines at /ndjson and an array at /json, whole or not at all', async () => {
    expect((await post(`${collector.url}/ndjson`, `${event('a')}\n${event('b')}\n`)).status).toBe(200);
    expect((await post(`${collector.url}/ndjson`, `${event('c')}\n[1]\n`)).status).toBe(400);
    expect((await post(`${collector.url}/json`, `[${event('d')},${event('e')}]`)).status).toBe(200);
    expect((await post(`${collector.url}/json`, event('f'))).status).toBe(400);
    expect(await ids()).toEqual(['a', 'b', 'd', 'e']);
  });

  it('answers 413 to a body beyond its limit', async () => {
    await using small = await startCollector({ standIn: true, maxContentLength: 100 });
    const url = `${small.url}/services/collector/event`;
    expect((await post(url, event('a'))).status).toBe(200);
    expect((await post(url, event('b', 'x'.repeat(100)))).status).toBe(413);
    expect(await small.stored()).toHaveLength(1);
  });
});

describe('its token', () => {
  it('must be brought in the scheme of the path', async () => {
    await using collector = await startCollector({ standIn: true, token: 'secret' });
    const codes = async (path: string, headers: Record<string, string>) => {
      const { status, body } = await post(`${collector.url}${path}`, event('a'), headers);
      return [status, body.code];
    };
    expect(await codes('/services/collector/event', {})).toEqual([401, 2]);
    expect(await codes('/services/collector/event', { authorization: 'Bearer secret' })).toEqual([401, 3]);
    expect(await codes('/services/collector/event', { authorization: 'Splunk other' })).toEqual([403, 4]);
    expect(await codes('/services/collector/ack', {})).toEqual([401, 2]);
    expect(await codes('/ndjson', TOKEN)).toEqual([401, 3]);
    expect(await collector.stored()).toEqual([]);
    expect(await codes('/services/collector/event', TOKEN)).toEqual([200, 0]);
    expect(await codes('/ndjson', { authorization: 'Bearer secret' })).toEqual([200, undefined]);
    expect(await collector.stored()).toHaveLength(2);
  });
});

describe('its acknowledgement', () => {
  let collector: CollectorFixture;

  beforeEach(async () => {
    collector = await startCollector({ standIn: true, ack: true });
  });
  afterEach(() => collector[Symbol.asyncDispose]());

  const deliver = (channel?: string) =>
    post(
      `${collector.url}/services/collector/event`,
      event('a'),
      channel ? { 'x-splunk-request-channel': channel } : {},
    );
  const confirmed = async (acks: unknown, channel = CHANNEL) =>
    (await post(`${collector.url}/services/collector/ack?channel=${channel}`, JSON.stringify({ acks }))).body.acks;

  it('demands a channel that is a GUID', async () => {
    expect((await deliver()).body.code).toBe(10);
    expect((await deliver('mine')).body.code).toBe(11);
    expect((await post(`${collector.url}/services/collector/ack`, '{"acks":[0]}')).body.code).toBe(10);
    expect(await collector.stored()).toEqual([]);
  });

  it('numbers the requests of each channel from 0, and confirms each once', async () => {
    const other = CHANNEL.replace('0aeeac95', '00000000');
    expect((await deliver(CHANNEL)).body).toEqual({ text: 'Success', code: 0, ackId: 0 });
    expect((await deliver(CHANNEL)).body.ackId).toBe(1);
    expect((await deliver(other)).body.ackId).toBe(0);
    expect(await confirmed([0, 1, 2])).toEqual({ 0: true, 1: true, 2: false });
    expect(await confirmed([0, 1])).toEqual({ 0: false, 1: false });
    expect(await confirmed([0], other)).toEqual({ 0: true });
    expect((await post(`${collector.url}/services/collector/ack?channel=${other}`, '{}')).body.code).toBe(6);
  });

  it('never confirms, with or without what it took, when the fault plan has it so', async () => {
    await collector.faults?.set({ kind: 'acks', how: 'never' });
    await deliver(CHANNEL);
    await collector.faults?.set({ kind: 'acks', how: 'lost' });
    await deliver(CHANNEL);
    await collector.faults?.clear();
    expect(await confirmed([0, 1])).toEqual({ 0: false, 1: false });
    expect(await collector.stored()).toHaveLength(1);
  });
});

describe('a given collector', () => {
  it('is taken at its word, unless the stand-in is asked for', async () => {
    const environment = { SIEM_URL: 'https://siem.example:8088/' };
    await using given = await startCollector({ environment });
    expect(given).toMatchObject({ kind: 'given', url: 'https://siem.example:8088', faults: undefined });
    await expect(given.stored()).rejects.toThrow(/unset SIEM_URL/);
    await using standIn = await startCollector({ environment, standIn: true });
    expect(standIn.kind).toBe('stand-in');
  });
});
