import { gzipSync } from 'node:zlib';
import {
  type DeliveryResult,
  OversizeError,
  PayloadError,
  SinkHoldError,
  SinkUnavailableError,
} from '@distributary/core';
import { ElasticsearchSink } from '@distributary/sink-elasticsearch';
import type { ScriptedAnswer } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import {
  bulksOf,
  CREATED,
  failed,
  type Item,
  items,
  linesOf,
  numbered,
  optionsFor,
  startBulkServer,
  unaborted,
} from './bulk-server.ts';

/** The answer as a server compresses it whose connection breaks amid it, while its end looks like an end. */
function halfCompressed(answer: ScriptedAnswer): ScriptedAnswer {
  const { status, body } = answer as { status: number; body: unknown };
  const compressed = gzipSync(JSON.stringify(body));
  return { status, headers: { 'content-encoding': 'gzip' }, body: compressed.subarray(0, compressed.length / 2) };
}

describe('an item', () => {
  it.each([
    [{ status: 200 }, 'delivered'],
    [failed(409, 'version_conflict_engine_exception'), 'delivered'],
    [{ status: 201, failure_store: 'used' }, 'delivered'],
    [failed(409, 'another_conflict'), 'retry'],
    [failed(429, 'es_rejected_execution_exception'), 'retry'],
    [failed(500, 'exception'), 'retry'],
    [failed(503, 'unavailable_shards_exception'), 'retry'],
    [failed(403, 'cluster_block_exception'), 'retry'],
    [failed(418, 'teapot'), 'retry'],
    [failed(201, 'contradiction'), 'retry'],
    [failed(403, 'security_exception'), 'retry'],
    [failed(404, 'index_not_found_exception'), 'retry'],
    [failed(400, 'illegal_argument_exception', 'only write ops with an op_type of create are allowed'), 'retry'],
    [failed(400, 'document_parsing_exception'), 'rejected'],
    [failed(400, 'strict_dynamic_mapping_exception'), 'rejected'],
    [failed(413, 'too_large'), 'rejected'],
  ] as [Item, string][])('%o is %s, whatever its neighbours are', async (item, status) => {
    const [results] = await deliver([CREATED, item, CREATED]);
    expect(statusesOf(results)).toEqual(['delivered', status, 'delivered']);
  });

  it.each([
    failed(401, 'security_exception'),
    failed(403, 'security_exception'),
    failed(404, 'index_not_found_exception'),
  ])('%o of every document holds, with a remedy', async (item) => {
    const thrown = await trouble(items([item, item, item]));
    expect(thrown).toBeInstanceOf(SinkHoldError);
    expect((thrown as SinkHoldError).remedy).toMatch(/^\w.+\.$/);
  });

  it('that was there before is marked as a duplicate, and no other', async () => {
    const [results] = await deliver([CREATED, failed(409, 'version_conflict_engine_exception'), CREATED]);
    expect(results?.map((result) => result.status === 'delivered' && (result.duplicate ?? false))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('that is rejected says why, down to the cause', async () => {
    const error = {
      type: 'document_parsing_exception',
      reason: 'failed to parse [a.b]',
      caused_by: { type: 'x', reason: 'not an ip' },
    };
    const [results] = await deliver([{ status: 400, error }, CREATED, CREATED]);
    const [first] = results as [DeliveryResult & { reason: Error }];
    expect(first.reason).toBeInstanceOf(PayloadError);
    expect(first.reason.message).toContain('document_parsing_exception: failed to parse [a.b] – not an ip');
  });

  it('that is refused is asked about by itself: out of order, no document is taken for another one', async () => {
    const refused = (line: string) => (line === 'line 1' ? failed(400, 'document_parsing_exception') : CREATED);
    await using server = await startBulkServer((request) => items(linesOf(request).map(refused).reverse()));
    const sink = new ElasticsearchSink(optionsFor(server.url));
    await expect(sink.deliver(numbered(10), unaborted)).rejects.toThrow('refused documents that it took by themselves');
    await sink.close();
    expect(bulksOf(server).map(linesOf)[1]).toEqual(['line 8']);
  });

  it('in the failure store is counted', async () => {
    await using server = await startBulkServer(() => items([{ status: 201, failure_store: 'used' }, CREATED]));
    const sink = new ElasticsearchSink(optionsFor(server.url));
    await sink.deliver(numbered(2), unaborted);
    await sink.deliver(numbered(2), unaborted);
    await sink.close();
    expect(sink.diverted).toBe(2);
  });
});

describe('an answer', () => {
  it.each([
    ['fewer items', items([CREATED, CREATED])],
    ['more items', items([CREATED, CREATED, CREATED, CREATED])],
    ['no items', { status: 200, body: { errors: false } }],
    ['another operation', { status: 200, body: { errors: false, items: [1, 2, 3].map(() => ({ index: CREATED })) } }],
    ['null for an item', { status: 200, body: { errors: false, items: [null, null, null] } }],
    ['half a body', { status: 200, body: '{"errors":false,"items":[{"create":{"status":201}},{"cr' }],
    ['half a compressed body', halfCompressed(items([CREATED, CREATED, CREATED]))],
    ['an empty body', { status: 200, body: '' }],
    ['a page', { status: 200, body: '<html>' }],
    ...[408, 429, 500, 502, 503, 504].map((status): [string, ScriptedAnswer] => [String(status), { status, body: {} }]),
    ['a block', { status: 403, body: { error: { type: 'cluster_block_exception', reason: 'disk' }, status: 403 } }],
    ['204', { status: 204 }],
  ] as [string, ScriptedAnswer][])('with %s means again', async (_, answer) => {
    expect(await trouble(answer)).toBeInstanceOf(SinkUnavailableError);
  });

  it.each([
    ...[301, 401, 403, 404, 405, 406, 415].map((status): [string, ScriptedAnswer] => [
      String(status),
      { status, body: {} },
    ]),
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }],
    ['another media type', { status: 400, body: { error: { type: 'media_type_header_exception', reason: 'no' } } }],
    ['400 from a proxy', { status: 400, body: 'Bad request' }],
  ] as [string, ScriptedAnswer][])('of %s holds, with a remedy', async (_, answer) => {
    const thrown = await trouble(answer);
    expect(thrown).toBeInstanceOf(SinkHoldError);
    expect((thrown as SinkHoldError).remedy).toMatch(/^\w.+\.$/);
  });

  it('passes on how long the server asked to wait', async () => {
    const thrown = await trouble({ status: 429, body: {}, headers: { 'retry-after': '3' } });
    expect(thrown).toMatchObject({ retryAfterMs: 3_000 });
  });

  it('without the product header holds', async () => {
    const thrown = await trouble({
      ...items([CREATED]),
      headers: { 'x-elastic-product': 'OpenSearch' },
    } as ScriptedAnswer);
    expect(thrown).toBeInstanceOf(SinkHoldError);
    expect(thrown?.message).toContain('no proxy removes the header');
  });

  it('that never comes is given up, and means again', async () => {
    await using server = await startBulkServer(() => new Promise(() => undefined));
    const sink = new ElasticsearchSink(optionsFor(server.url, { requestTimeoutMs: 100 }));
    await expect(sink.deliver(numbered(1), unaborted)).rejects.toThrow('gave no whole answer within 100 ms');
    await sink.close();
  });

  it('whose end never comes is given up, and means again', async () => {
    await using server = await startBulkServer((_, response) => {
      response.writeHead(200, { 'x-elastic-product': 'Elasticsearch' }).write('{"errors":false,');
      return undefined;
    });
    const sink = new ElasticsearchSink(optionsFor(server.url, { requestTimeoutMs: 100 }));
    await expect(sink.deliver(numbered(1), unaborted)).rejects.toThrow('gave no whole answer within 100 ms');
    await sink.close();
  });

  it('to a sink whose server was upgraded makes it ask for the version anew', async () => {
    let upgraded = false;
    await using server = await startBulkServer(({ body }) =>
      upgraded
        ? items([CREATED])
        : { status: 400, body: { error: { type: 'media_type_header_exception', reason: String(body.length) } } },
    );
    const sink = new ElasticsearchSink(optionsFor(server.url));
    await expect(sink.deliver(numbered(1), unaborted)).rejects.toThrow(SinkHoldError);
    upgraded = true;
    expect(statusesOf(await sink.deliver(numbered(1), unaborted))).toEqual(['delivered']);
    await sink.close();
    expect(server.requests.filter(({ path }) => path === '/')).toHaveLength(2);
  });
});

describe('a request that is refused as a whole', () => {
  it.each([0, 249, 499])('is halved until document %i stands alone; the rest is delivered', async (bad) => {
    await using server = await startBulkServer((request) =>
      linesOf(request).includes(`line ${bad}`)
        ? { status: 400, body: { error: { type: 'parse_exception', reason: 'as scripted' } } }
        : items(linesOf(request).map(() => CREATED)),
    );
    const sink = new ElasticsearchSink(optionsFor(server.url));
    const results = await sink.deliver(numbered(500), unaborted);
    await sink.close();
    expect(statusesOf(results).flatMap((status, i) => (status === 'rejected' ? [i] : []))).toEqual([bad]);
    expect(statusesOf(results).filter((status) => status === 'delivered')).toHaveLength(499);
    expect(bulksOf(server).length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(500)));
  });

  it('is held, not taken apart to the end, when every document is at fault', async () => {
    await using server = await startBulkServer(() => ({
      status: 400,
      body: { error: { type: 'parse_exception', reason: 'as scripted' } },
    }));
    const sink = new ElasticsearchSink(optionsFor(server.url));
    await expect(sink.deliver(numbered(1_000), unaborted)).rejects.toThrow('more than refusalLimit allows');
    await sink.close();
    expect(bulksOf(server).length).toBeLessThan(500);
  });

  it('for its size is halved, and what the server takes is remembered', async () => {
    await using server = await startBulkServer((request) =>
      request.body.length > 4_000 ? { status: 413, body: {} } : items(linesOf(request).map(() => CREATED)),
    );
    const sink = new ElasticsearchSink(optionsFor(server.url));
    const tooLarge = () => bulksOf(server).filter(({ body }) => body.length > 4_000).length;
    expect(statusesOf(await sink.deliver(numbered(200), unaborted))).toEqual(numbered(200).map(() => 'delivered'));
    const learning = tooLarge();
    expect(learning).toBeGreaterThan(0);
    expect(statusesOf(await sink.deliver(numbered(200), unaborted))).toEqual(numbered(200).map(() => 'delivered'));
    await sink.close();
    expect(tooLarge()).toBe(learning);
  });

  it('for its size with one document alone makes a dead letter of it', async () => {
    await using server = await startBulkServer(() => ({ status: 413, body: {} }));
    const sink = new ElasticsearchSink(optionsFor(server.url));
    const [result] = await sink.deliver(numbered(1), unaborted);
    await sink.close();
    expect(result).toMatchObject({ status: 'rejected', reason: expect.any(OversizeError) });
  });
});

describe('many refusals', () => {
  it('hold instead of making dead letters; what was delivered stands', async () => {
    const half = Array.from({ length: 400 }, (_, i) =>
      i % 2 === 0 ? CREATED : failed(400, 'document_parsing_exception'),
    );
    const [results] = await deliver(half, 400);
    expect(new Set(statusesOf(results))).toEqual(new Set(['delivered', 'retry']));
    expect(results.find(({ status }) => status === 'retry')).toMatchObject({ reason: expect.any(SinkHoldError) });
  });

  it('become dead letters where the limit is turned off', async () => {
    await using server = await startBulkServer(() =>
      items(numbered(400).map(() => failed(400, 'document_parsing_exception'))),
    );
    const sink = new ElasticsearchSink(optionsFor(server.url, { refusalLimit: { share: 1 } }));
    const results = await sink.deliver(numbered(400), unaborted);
    await sink.close();
    expect(new Set(statusesOf(results))).toEqual(new Set(['rejected']));
  });
});

/** @param answer the same whatever is asked, or an item for each line */
async function deliver(answer: ScriptedAnswer | readonly Item[], count = 3): Promise<[readonly DeliveryResult[]]> {
  const itemOf = (line: string) => (answer as readonly Item[])[Number(line.slice('line '.length))] as Item;
  await using server = await startBulkServer((request) =>
    Array.isArray(answer) ? items(linesOf(request).map(itemOf)) : (answer as ScriptedAnswer),
  );
  const sink = new ElasticsearchSink(optionsFor(server.url));
  try {
    return [await sink.deliver(numbered(count), unaborted)];
  } finally {
    await sink.close();
  }
}

async function trouble(answer: ScriptedAnswer): Promise<Error | undefined> {
  return deliver(answer).then(
    () => undefined,
    (error: Error) => error,
  );
}

function statusesOf(results: readonly DeliveryResult[]): string[] {
  return results.map(({ status }) => status);
}
