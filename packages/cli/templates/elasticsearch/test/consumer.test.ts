import { readFileSync } from 'node:fs';
import { lineOf, RedisConnection } from '@distributary/core';
import { ElasticsearchSink } from '@distributary/sink-elasticsearch';
import { describeSink, type StoredDocument, startElasticsearch, startRedis, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import Consumer, { preview, readConfig, toDocument } from '../src/index.ts';

const LINE = '<164>Nov 24 10:00:00 fw-1 %ASA-4-733100: [Scanning] drop rate-1 exceeded';

describe('the mapping', () => {
  it('keeps the line unchanged, and what it tells in ECS', () => {
    expect(JSON.parse(preview(LINE))).toMatchObject({ event: { original: LINE, code: '733100' } });
  });
});

describe('the configuration', () => {
  const ELASTICSEARCH_URL = 'https://es:9200';

  it('takes the settings of the team from the environment', () => {
    const { settings } = readConfig({ ELASTICSEARCH_URL, SAMPLE_INDEX: 'fw-{yyyy}' });
    expect(settings.SAMPLE_INDEX).toBe('fw-{yyyy}');
  });

  it('names the variable that is missing or wrong', () => {
    expect(() => readConfig({})).toThrow('ELASTICSEARCH_URL is not set');
    const wrong = { ELASTICSEARCH_URL, SAMPLE_INDEX: '_x' };
    expect(() => readConfig(wrong)).toThrow('SAMPLE_INDEX must match');
  });
});

describe('the consumer', () => {
  it('reads the stream and group that package.json declares, into the index', async () => {
    await using redis = await startRedis();
    await using elasticsearch = await startElasticsearch({ standIn: true });
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const { stream, group } = manifest.distributary;
    const connection = new RedisConnection({ url: redis.url }, 'test');
    await connection.call('XADD', stream, '*', 'line', LINE);
    await using consumer = new Consumer({ REDIS_URL: redis.url, ELASTICSEARCH_URL: elasticsearch.url });
    await consumer.start();
    const [stored] = await until(async () => {
      const documents = await elasticsearch.stored('sample-lines-*');
      return documents.length > 0 && documents;
    });
    expect(stored?.document).toMatchObject({ event: { original: LINE } });
    expect(await consumer.status()).toMatchObject({ stream, group, exists: true });
    connection.close();
  });
});

describeSink('the sink of the team', async () => {
  const server = await startElasticsearch({ standIn: true });
  const sink = new ElasticsearchSink({ url: server.url, index: 'lines', document: toDocument });
  return { ...server, sink, decode: lineOf, stored: async () => (await server.stored()).map(asStoredEntry) };
});

function asStoredEntry({ id, document }: StoredDocument) {
  const { event, distributary } = document as {
    event: { original: string };
    distributary: { line_base64?: string };
  };
  return { identity: id, line: event.original, lineBase64: distributary.line_base64 };
}
