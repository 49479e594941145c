import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Entry, eventIdentity, jsonLine, OptionsError, PayloadError, Secret } from '@distributary/core';
import { ElasticsearchSink, elasticsearchFromEnvironment, syslogTemplate } from '@distributary/sink-elasticsearch';
import { temporaryFolder } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  bulksOf,
  decoded,
  linesOf,
  numbered,
  optionsFor,
  pairsOf,
  startBulkServer,
  unaborted,
} from './bulk-server.ts';

describe('a request', () => {
  it('creates each document under the name of its event', async () => {
    await using server = await startBulkServer();
    const sink = new ElasticsearchSink(optionsFor(server.url));
    const batch = [decoded('1795521600000-0', 'one', 'fw "1".2'), decoded('1795521600001-0', 'two')];
    const results = await sink.deliver(batch, unaborted);
    await sink.close();
    expect(results.map(({ status }) => status)).toEqual(['delivered', 'delivered']);
    const [request] = bulksOf(server);
    expect(request?.path).toMatch(/^\/syslog-2026\.11\.24\/_bulk\?filter_path=/);
    expect(pairsOf(request as never)).toEqual([
      [{ create: { _id: 'fw "1".2' } }, { event: { original: 'one' } }],
      [{ create: { _id: eventIdentity(batch[1]?.entry as Entry) } }, { event: { original: 'two' } }],
    ]);
  });

  it('goes to the index of the entry, one request per day', async () => {
    await using server = await startBulkServer();
    const sink = new ElasticsearchSink(optionsFor(server.url));
    const midnight = Date.UTC(2026, 0, 1);
    const batch = [-2, -1, 0, 1].map((offset) => decoded(`${midnight + offset}-0`, `at ${offset}`));
    await sink.deliver(batch, unaborted);
    await sink.close();
    expect(bulksOf(server).map((request) => [request.path.split('/')[1], linesOf(request)])).toEqual([
      ['syslog-2025.12.31', ['at -2', 'at -1']],
      ['syslog-2026.01.01', ['at 0', 'at 1']],
    ]);
  });

  it('takes documents as lines of JSON text', async () => {
    await using server = await startBulkServer();
    const document = (line: string) => jsonLine(`{"event":{"original":${JSON.stringify(line)}}}`);
    const sink = new ElasticsearchSink(optionsFor(server.url, { document }));
    await sink.deliver(batchOf('naïve "\n" 🔥'), unaborted);
    await sink.close();
    expect(bulksOf(server).flatMap(linesOf)).toEqual(['naïve "\n" 🔥']);
  });

  it.each([
    ['a line break', '{"a":1}\n{"create":{"_index":"evil"}}'],
    ['no object', '[1]'],
    ['nothing', undefined],
    ['a list', [1]],
    ['an object whose JSON is none', { toJSON: () => 'text' }],
  ])('rejects an entry whose mapping gives %s, and sends the others', async (_, given) => {
    await using server = await startBulkServer();
    const document = (line: string) => (line === 'bad' ? given : { event: { original: line } }) as object;
    const sink = new ElasticsearchSink(optionsFor(server.url, { document }));
    const results = await sink.deliver(batchOf('one', 'bad', 'two'), unaborted);
    await sink.close();
    expect(results.map(({ status }) => status)).toEqual(['delivered', 'rejected', 'delivered']);
    expect(results[1]).toMatchObject({ reason: expect.any(PayloadError) });
    expect(bulksOf(server).flatMap(linesOf)).toEqual(['one', 'two']);
  });

  it('sends nothing when no entry has a document', async () => {
    await using server = await startBulkServer();
    const document = () => {
      throw new TypeError('cannot map');
    };
    const sink = new ElasticsearchSink(optionsFor(server.url, { document }));
    const results = await sink.deliver(batchOf('one'), unaborted);
    await sink.close();
    expect(results).toMatchObject([{ status: 'rejected', reason: { message: 'cannot map' } }]);
    expect(bulksOf(server)).toEqual([]);
  });

  it('is compressed on request', async () => {
    await using server = await startBulkServer();
    const sink = new ElasticsearchSink(optionsFor(server.url, { gzip: true }));
    const results = await sink.deliver(numbered(50), unaborted);
    await sink.close();
    expect(results.every(({ status }) => status === 'delivered')).toBe(true);
    expect(bulksOf(server)[0]?.headers['content-encoding']).toBe('gzip');
    expect(bulksOf(server).flatMap(linesOf)).toHaveLength(50);
  });

  it.each([
    ['8.19.21', 'compatible-with=8'],
    ['9.5.3', 'compatible-with=9'],
  ])('speaks as the server of version %s does', async (version, expected) => {
    await using server = await startBulkServer(undefined, version);
    const sink = new ElasticsearchSink(optionsFor(server.url));
    await sink.deliver(numbered(1), unaborted);
    await sink.close();
    expect(bulksOf(server)[0]?.headers['content-type']).toContain(expected);
    expect(bulksOf(server)[0]?.headers.accept).toContain(expected);
  });

  it.each([
    [{ apiKey: new Secret('a2V5') }, 'ApiKey a2V5'],
    [{ username: 'noc', password: new Secret('pass') }, `Basic ${Buffer.from('noc:pass').toString('base64')}`],
  ])('carries the credentials', async (credentials, expected) => {
    await using server = await startBulkServer();
    const sink = new ElasticsearchSink(optionsFor(server.url, credentials));
    await sink.deliver(numbered(1), unaborted);
    await sink.close();
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([expected, expected]);
  });
});

describe('opening', () => {
  it('installs the template for the indices of its name', async () => {
    await using server = await startBulkServer();
    const sink = new ElasticsearchSink(optionsFor(server.url, { template: syslogTemplate() }));
    await sink.open(unaborted);
    await sink.close();
    const put = server.requests.find(({ method }) => method === 'PUT');
    expect(put?.path).toBe('/_index_template/distributary-syslog');
    expect(JSON.parse(String(put?.body))).toMatchObject({
      index_patterns: ['syslog-*'],
      priority: 200,
      template: { mappings: { properties: { source: { properties: { ip: { type: 'ip' } } } } } },
    });
  });

  it.each(['7.17.0', '10.0.0', 'opensearch'])('holds before a server of version %s', async (version) => {
    await using server = await startBulkServer(undefined, version);
    const sink = new ElasticsearchSink(optionsFor(server.url));
    await expect(sink.open(unaborted)).rejects.toMatchObject({
      code: 'SINK_HOLD',
      remedy: 'Use Elasticsearch 8 or 9.',
    });
    await sink.close();
  });
});

describe('the options', () => {
  it.each([
    [{ index: 'Upper-{yyyy.MM.dd}' }, 'Write it in lower case'],
    [{ index: 'a-{yyyy-MM-dd}' }, 'is no name of an index'],
    [{ index: 'a-{yyyy.MM.dd}-{yyyy}' }, 'is no name of an index'],
    [{ index: '_bulk' }, 'is no name of an index'],
    [{ url: 'ftp://es' }, 'is not an http: or https: address'],
    [{ url: 'https://noc:hunter2@es:9200' }, 'holds credentials'],
    [{ maxRequestBytes: 10 }, 'maxRequestBytes must be >= 1024'],
    [{ maxRetries: 3 }, 'there is no option "maxRetries"'],
    [{ document: undefined }, 'document must be a function'],
  ])('refuses %o', (more, says) => {
    const create = () => new ElasticsearchSink({ ...optionsFor('http://127.0.0.1:9200'), ...(more as object) });
    expect(create).toThrow(OptionsError);
    expect(create).toThrow(says);
    expect(create).not.toThrow('hunter2');
  });

  it('come from the environment, secrets from files', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'key');
    await writeFile(file, 'a2V5\n');
    const connection = elasticsearchFromEnvironment({
      ELASTICSEARCH_URL: 'https://es',
      ELASTICSEARCH_API_KEY_FILE: file,
    });
    expect(connection.apiKey?.reveal()).toBe('a2V5');
    expect(JSON.stringify(connection)).not.toContain('a2V5');
    expect(elasticsearchFromEnvironment({ ELASTICSEARCH_URL: 'https://es' })).toEqual({ url: 'https://es' });
    expect(() => elasticsearchFromEnvironment({})).toThrow('ELASTICSEARCH_URL is not set');
    expect(() =>
      elasticsearchFromEnvironment({ ELASTICSEARCH_URL: 'https://es', ELASTICSEARCH_USERNAME: 'noc' }),
    ).toThrow('Set both ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD');
  });
});
