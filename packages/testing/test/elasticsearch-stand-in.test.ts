import { gzipSync } from 'node:zlib';
import { type ElasticsearchFixture, startElasticsearch } from '@distributary/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkBody, get, post, request } from './http.ts';

let server: ElasticsearchFixture;

beforeEach(async () => {
  server = await startElasticsearch({ standIn: true });
});
afterEach(() => server[Symbol.asyncDispose]());

const bulk = (index: string, body: string) => post(`${server.url}/${index}/_bulk`, body);
const search = (body: object) => post(`${server.url}/lines/_search`, JSON.stringify(body));
const idsOf = ({ body }: Awaited<ReturnType<typeof search>>) =>
  body.hits.hits.map(({ _id }: { _id: string }) => _id) as string[];

describe('the Elasticsearch stand-in', () => {
  it('says what it is', async () => {
    const { body, headers } = await get(server.url);
    expect(headers.get('x-elastic-product')).toBe('Elasticsearch');
    expect(body.version).toMatchObject({ number: expect.stringMatching(/^9\./), build_flavor: 'default' });
  });

  it('refuses headers that ask for a newer major than it is', async () => {
    await using eight = await startElasticsearch({ standIn: true, major: 8 });
    const { status, body } = await get(eight.url, { accept: 'application/vnd.elasticsearch+json;compatible-with=9' });
    expect([status, body.error.type]).toEqual([400, 'media_type_header_exception']);
    expect((await get(eight.url)).body.version.number).toMatch(/^8\./);
  });

  it('counts and finds documents by ID, term and range, sorted and page by page', async () => {
    const documents = [10, 20, 30, 40].map((size) => ({ size, host: { name: size < 25 ? 'small' : 'large' } }));
    await bulk('lines', bulkBody(...documents.map((document, i) => ['create', `id-${i}`, document] as const)));
    expect((await get(`${server.url}/lines/_count`)).body.count).toBe(4);
    expect(idsOf(await search({ query: { ids: { values: ['id-2', 'id-9'] } } }))).toEqual(['id-2']);
    expect(idsOf(await search({ query: { term: { 'host.name': 'small' } } }))).toEqual(['id-0', 'id-1']);
    expect(idsOf(await search({ query: { terms: { size: [10, 40] } } }))).toEqual(['id-0', 'id-3']);
    expect(idsOf(await search({ query: { range: { size: { gt: 10, lte: 30 } } } }))).toEqual(['id-1', 'id-2']);
    const both = {
      bool: { must: [{ term: { 'host.name.keyword': 'large' } }], filter: { range: { size: { lt: 40 } } } },
    };
    expect(idsOf(await search({ query: both }))).toEqual(['id-2']);
    const page = { size: 2, sort: [{ size: 'desc' }] };
    expect(idsOf(await search(page))).toEqual(['id-3', 'id-2']);
    expect(idsOf(await search({ ...page, search_after: [30] }))).toEqual(['id-1', 'id-0']);
    expect((await get(`${server.url}/lines/_doc/id-1`)).body).toMatchObject({ found: true, _source: { size: 20 } });
  });

  it('refuses a query that it does not understand, and a page beyond the window', async () => {
    await bulk('lines', bulkBody(['create', 'a', {}]));
    expect((await search({ query: { fuzzy: { size: 1 } } })).status).toBe(400);
    expect((await search({ query: { bool: { should: [{ match_all: {} }] } } })).status).toBe(400);
    expect((await search({ size: 10_001 })).status).toBe(400);
  });

  it('knows only the indices that were created or written to', async () => {
    expect((await get(`${server.url}/lines/_count`)).body.error.type).toBe('index_not_found_exception');
    expect((await get(`${server.url}/lines-*/_count`)).body.count).toBe(0);
    expect((await request('HEAD', `${server.url}/lines`)).status).toBe(404);
    await bulk('lines', bulkBody(['create', 'a', {}]));
    expect((await request('HEAD', `${server.url}/lines`)).status).toBe(200);
    expect((await request('PUT', `${server.url}/lines`)).body.error.type).toBe('resource_already_exists_exception');
    await request('DELETE', `${server.url}/lines`);
    expect((await get(`${server.url}/lines/_search`)).status).toBe(404);
    expect(await server.stored()).toEqual([]);
  });

  it('refreshes, and answers for what is no part of it with an error', async () => {
    expect((await post(`${server.url}/_refresh`, '')).status).toBe(200);
    expect((await get(`${server.url}/_nodes/hot_threads/x`)).status).toBe(400);
    expect((await request('DELETE', `${server.url}/_bulk`)).status).toBe(405);
  });

  it('keeps an index template, and makes data streams of what it covers', async () => {
    const template = { index_patterns: ['syslog-*'], data_stream: {}, template: { mappings: {} } };
    expect((await get(`${server.url}/_index_template/syslog`)).status).toBe(404);
    await request('PUT', `${server.url}/_index_template/syslog`, JSON.stringify(template));
    const { body } = await get(`${server.url}/_index_template/syslog`);
    expect(body.index_templates).toEqual([{ name: 'syslog', index_template: template }]);

    const timed = { '@timestamp': '2026-01-02T03:04:05Z' };
    const answer = await bulk(
      'syslog-cisco',
      bulkBody(['create', 'a', timed], ['create', 'a', timed], ['index', 'b', timed], ['create', 'c', { no: 'time' }]),
    );
    expect(answer.body.items.map((item: object) => Object.values(item)[0].status)).toEqual([201, 409, 400, 400]);
    expect((await get(`${server.url}/_data_stream/syslog-cisco`)).body.data_streams).toEqual([
      { name: 'syslog-cisco' },
    ]);
    expect((await get(`${server.url}/_data_stream/other`)).status).toBe(404);
  });
});

describe('its bulk interface', () => {
  it('creates a document once, and answers 409 for one that is there', async () => {
    const first = await bulk('lines', bulkBody(['create', 'a', { n: 1 }], ['create', 'b', { n: 2 }]));
    expect(first).toMatchObject({ status: 200, body: { errors: false } });
    expect(first.body.items[0].create).toMatchObject({ _index: 'lines', _id: 'a', status: 201, result: 'created' });
    const second = await bulk(
      'lines',
      bulkBody(['create', 'a', { n: 9 }], ['create', 'c', { n: 3 }], ['create', 'c', {}]),
    );
    expect(second.body.errors).toBe(true);
    expect(second.body.items[0].create).toMatchObject({
      status: 409,
      error: { type: 'version_conflict_engine_exception' },
    });
    expect([second.body.items[1].create.status, second.body.items[2].create.status]).toEqual([201, 409]);
    expect((await server.stored()).map(({ id, document }) => [id, document['n']])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(await server.counts()).toMatchObject({ requests: 2, deliveries: 2, duplicates: 2, stored: 3 });
  });

  it('replaces a document by index, and takes one without an ID under a new one', async () => {
    await bulk('lines', bulkBody(['index', 'a', { n: 1 }]));
    const { body } = await bulk('lines', bulkBody(['index', 'a', { n: 2 }], ['index', undefined, { n: 3 }]));
    expect(body.items[0].index).toMatchObject({ status: 200, result: 'updated' });
    expect(body.items[1].index).toMatchObject({ status: 201, _id: expect.stringMatching(/.{20}/) });
    expect((await server.stored()).map(({ document }) => document['n'])).toEqual([2, 3]);
  });

  it('rejects a document that is no object, and takes its neighbours', async () => {
    const body =
      '{"create":{"_id":"a"}}\n{}\n{"create":{"_id":"b"}}\n[1]\n{"create":{"_id":"c"}}\n{]\n{"create":{"_id":"d"}}\n{}\n';
    const answer = await bulk('lines', body);
    expect(answer.body.items.map(({ create }: { create: { status: number } }) => create.status)).toEqual([
      201, 400, 400, 201,
    ]);
    expect((await server.stored()).map(({ id }) => id)).toEqual(['a', 'd']);
  });

  it.each([
    ['nothing', '', 'parse_exception'],
    ['no newline at the end', '{"create":{"_id":"a"}}\n{}', 'illegal_argument_exception'],
    ['an action that there is not', '{"destroy":{"_id":"a"}}\n{}\n', 'illegal_argument_exception'],
    ['an action without its document', '{"create":{"_id":"a"}}\n', 'action_request_validation_exception'],
    [
      'an ID of more than 512 bytes',
      `{"create":{"_id":"${'é'.repeat(257)}"}}\n{}\n`,
      'action_request_validation_exception',
    ],
  ])('refuses the whole of a request that holds %s', async (_, body, type) => {
    const sound = body === '' ? '' : bulkBody(['create', 'sound', {}]);
    const answer = await bulk('lines', sound + body);
    expect([answer.status, answer.body.error.type]).toEqual([400, type]);
    expect(await server.stored()).toEqual([]);
  });

  it('takes the index from the action before the path, and refuses an action without either', async () => {
    await bulk('lines', '{"create":{"_id":"a","_index":"other"}}\n{}\n');
    expect(await server.stored('other')).toHaveLength(1);
    expect(await server.stored('lines,l*')).toEqual([]);
    const { status, body } = await post(`${server.url}/_bulk`, bulkBody(['create', 'a', {}]));
    expect([status, body.error.reason]).toEqual([400, expect.stringContaining('index is missing')]);
  });

  it('answers only with what filter_path asks for, in the positions of the items', async () => {
    const path = 'lines/_bulk?filter_path=errors,items.*.status,items.*.error';
    const { body } = await post(`${server.url}/${path}`, bulkBody(['create', 'a', {}], ['create', 'a', {}]));
    expect(body).toEqual({
      errors: true,
      items: [
        { create: { status: 201 } },
        { create: { status: 409, error: expect.objectContaining({ type: expect.any(String) }) } },
      ],
    });
  });

  it('answers 413 to a body beyond its limit, compressed or not', async () => {
    await using small = await startElasticsearch({ standIn: true, maxContentLength: 100 });
    expect((await post(`${small.url}/lines/_bulk`, bulkBody(['create', 'a', {}]))).status).toBe(200);
    expect((await post(`${small.url}/lines/_bulk`, bulkBody(['create', 'b', { text: 'x'.repeat(100) }]))).status).toBe(
      413,
    );
    const bomb = gzipSync(bulkBody(['create', 'c', { text: 'x'.repeat(1_000) }]));
    expect((await post(`${small.url}/lines/_bulk`, bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
    const sound = gzipSync(bulkBody(['create', 'd', {}]));
    expect((await post(`${small.url}/lines/_bulk`, sound, { 'content-encoding': 'gzip' })).status).toBe(200);
    expect((await small.stored()).map(({ id }) => id)).toEqual(['a', 'd']);
  });
});
