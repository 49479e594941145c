import { type ElasticsearchFixture, type Faults, startCollector, startElasticsearch } from '@distributary/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkBody, get, post } from './http.ts';

describe('a fault of a stand-in', () => {
  let server: ElasticsearchFixture;
  let faults: Faults;

  beforeEach(async () => {
    server = await startElasticsearch({ standIn: true });
    faults = server.faults as Faults;
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const deliver = (...ids: string[]) =>
    post(`${server.url}/lines/_bulk`, bulkBody(...ids.map((id) => ['create', id, { text: `this is ${id}` }] as const)));
  const statuses = async (...ids: string[]) =>
    (await deliver(...ids)).body.items.map((item: object) => Object.values(item)[0].status) as number[];
  const storedIds = async () => (await server.stored()).map(({ id }) => id);

  it('down: refuses connections, and comes back on the same port with what it had', async () => {
    await deliver('a');
    const { url } = server;
    await faults.set({ kind: 'down' });
    await expect(deliver('b')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await faults.clear();
    expect(server.url).toBe(url);
    expect(await statuses('b')).toEqual([201]);
    expect(await storedIds()).toEqual(['a', 'b']);
  });

  it('down: resets what is under way', async () => {
    await faults.set({ kind: 'slow', ms: 60_000 });
    const delivery = deliver('a').catch((error: Error) => error);
    await expect.poll(async () => (await server.counts())?.deliveries).toBe(1);
    await faults.set({ kind: 'down' });
    expect(await delivery).toBeInstanceOf(Error);
  });

  it('slow: holds its answer back, and then stores', async () => {
    await faults.next(1, { kind: 'slow', ms: 300 });
    const order: string[] = [];
    const slow = deliver('a').then(() => order.push('a'));
    await expect.poll(async () => (await server.counts())?.deliveries).toBe(1);
    await deliver('b').then(() => order.push('b'));
    await slow;
    expect(order).toEqual(['b', 'a']);
    expect(await storedIds()).toEqual(['b', 'a']);
  });

  it('status: refuses the request in the words of the destination, and stores nothing', async () => {
    await faults.set({ kind: 'status', status: 429, retryAfterSeconds: 7 });
    const { status, headers, body } = await deliver('a');
    expect([status, headers.get('retry-after'), body.error.type]).toEqual([
      429,
      '7',
      'es_rejected_execution_exception',
    ]);
    await faults.set({ kind: 'status', status: 503 });
    expect((await deliver('a')).headers.has('retry-after')).toBe(false);
    expect(await storedIds()).toEqual([]);
  });

  it('redirect: points elsewhere', async () => {
    await faults.set({ kind: 'redirect', location: 'https://login.example/' });
    const { status, headers } = await deliver('a');
    expect([status, headers.get('location')]).toEqual([307, 'https://login.example/']);
    expect(await storedIds()).toEqual([]);
  });

  it('html: answers 200 with a page, and stores nothing', async () => {
    await faults.set({ kind: 'html' });
    const { status, headers, body } = await deliver('a');
    expect([status, headers.get('content-type'), body]).toEqual([200, 'text/html', expect.stringContaining('<html>')]);
    expect(await storedIds()).toEqual([]);
  });

  it('tooLarge: answers 413 to larger bodies alone', async () => {
    await faults.set({ kind: 'tooLarge', maxBytes: 60 });
    expect((await deliver('a', 'b')).status).toBe(413);
    expect((await deliver('c')).status).toBe(200);
    expect(await storedIds()).toEqual(['c']);
  });

  it('refuseRequest: refuses a whole request for one document', async () => {
    await faults.set({ kind: 'refuseRequest', containing: 'is b' });
    expect((await deliver('a', 'b')).status).toBe(400);
    expect((await deliver('c')).status).toBe(200);
    expect(await storedIds()).toEqual(['c']);
  });

  it('items: refuses the chosen documents, and takes their neighbours', async () => {
    await faults.set({ kind: 'items', status: 400, containing: 'is b' });
    expect(await statuses('a', 'b', 'c')).toEqual([201, 400, 201]);
    await faults.set({ kind: 'items', status: 429, every: 2 });
    expect(await statuses('d', 'e', 'f', 'g')).toEqual([201, 429, 201, 429]);
    await faults.set({ kind: 'items', status: 503 });
    expect(await statuses('h', 'i')).toEqual([503, 503]);
    expect(await storedIds()).toEqual(['a', 'c', 'd', 'f']);
  });

  it('divert: takes the chosen documents into the failure store', async () => {
    await faults.set({ kind: 'divert', containing: 'is b' });
    const { body } = await deliver('a', 'b');
    expect(body).toMatchObject({ errors: false, items: [{}, { create: { status: 201, failure_store: 'used' } }] });
    expect(body.items[0].create).not.toHaveProperty('failure_store');
    expect(await storedIds()).toEqual(['a']);
  });

  it('reset: ends the connection before or after everything is stored', async () => {
    await faults.set({ kind: 'reset', after: 'receipt' });
    await expect(deliver('a')).rejects.toThrow();
    expect(await storedIds()).toEqual([]);
    await faults.set({ kind: 'reset', after: 'commit' });
    await expect(deliver('a')).rejects.toThrow();
    expect(await storedIds()).toEqual(['a']);
  });

  it('truncated: stores, and ends the connection in the middle of the answer', async () => {
    await faults.set({ kind: 'truncated' });
    const response = await fetch(`${server.url}/lines/_bulk`, { method: 'POST', body: bulkBody(['create', 'a', {}]) });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(await storedIds()).toEqual(['a']);
  });

  it('wrongItems: stores, and answers for the wrong items', async () => {
    const answered = async (how: 'missing' | 'extra' | 'reversed' | 'renamed', ...ids: string[]) => {
      await faults.set({ kind: 'wrongItems', how });
      const { items } = (await deliver(...ids)).body as { items: Record<string, { _id: string }>[] };
      return items.flatMap((item) => Object.entries(item).map(([op, { _id }]) => `${op} ${_id}`));
    };
    expect(await answered('missing', 'a', 'b')).toEqual(['create a']);
    expect(await answered('extra', 'c', 'd')).toEqual(['create c', 'create d', 'create d']);
    expect(await answered('reversed', 'e', 'f')).toEqual(['create f', 'create e']);
    expect(await answered('renamed', 'g')).toEqual(['update g']);
    expect(await storedIds()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('partial: stores that many events, and names the first that it did not take', async () => {
    await using collector = await startCollector({ standIn: true });
    await collector.faults?.set({ kind: 'partial', after: 2 });
    const url = `${collector.url}/services/collector/event`;
    const { status, body } = await post(url, '{"event":1}{"event":2}{"event":3}{"event":4}');
    expect([status, body]).toEqual([503, { text: 'Server is busy', code: 9, 'invalid-event-number': 2 }]);
    expect((await collector.stored()).map(({ document }) => document['event'])).toEqual([1, 2]);
    expect((await post(url, '{"event":5}{"event":6}')).status).toBe(200);
  });

  it('concerns deliveries alone, unless it is on everything', async () => {
    await faults.set({ kind: 'status', status: 503 });
    expect((await get(server.url)).status).toBe(200);
    await faults.set({ kind: 'status', status: 503, on: 'everything' });
    expect((await get(server.url)).status).toBe(503);
    expect((await deliver('a')).status).toBe(503);
  });

  it('that comes next is used up by deliveries, before and beside those that stand', async () => {
    await faults.next(1, { kind: 'status', status: 429 });
    await faults.next(2, { kind: 'status', status: 503 });
    await get(server.url);
    const answers = [];
    for (const id of ['a', 'b', 'c', 'd']) answers.push((await deliver(id)).status);
    expect(answers).toEqual([429, 503, 503, 200]);
    await faults.set({ kind: 'items', status: 400 });
    await faults.next(1, { kind: 'status', status: 503 });
    expect((await deliver('e')).status).toBe(503);
    expect(await statuses('e')).toEqual([400]);
    await faults.next(5, { kind: 'html' });
    await faults.clear();
    expect(await statuses('e')).toEqual([201]);
  });
});
