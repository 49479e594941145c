import { readFileSync } from 'node:fs';
import NocConsumer, { preview, readConfig, toDocument } from '@distributary/consumer-noc';
import { Entry, type GroupStatus, lineOf, RedisConnection } from '@distributary/core';
import { ElasticsearchSink } from '@distributary/sink-elasticsearch';
import { describeSink, startElasticsearch, startRedis, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';

const LINE =
  '<164>Nov 24 10:00:00 fw-edge-1 %ASA-4-106023: Deny tcp src outside:203.0.113.7/4711 dst inside:10.1.2.3/443 by access-group "OUTSIDE_IN" [0x8ed66b60, 0xf8852875]';

function entryOf(line: string | Buffer, ...more: string[]): Entry {
  const parts = [Buffer.from('line'), Buffer.from(line), ...more.map((text) => Buffer.from(text))];
  return new Entry('1795514400000-0', parts);
}

describe('the mapping', () => {
  it('makes ECS of a firewall line, with the line unchanged and where it came from', () => {
    const document = JSON.parse(toDocument(LINE, entryOf(LINE, 'eid', 'fw.1.2')));
    expect(document).toMatchObject({
      '@timestamp': '2026-11-24T10:00:00.000Z',
      event: { original: LINE, code: '106023' },
      source: { ip: '203.0.113.7', port: 4711 },
      destination: { ip: '10.1.2.3', port: 443 },
      rule: { name: 'OUTSIDE_IN' },
      distributary: { entry_id: '1795514400000-0', eid: 'fw.1.2' },
    });
  });

  it.each([
    'not syslog at all',
    '',
    '"},"event":{"original":"forged"}}\n{"create":{}}',
    '<164>Nov 24 10:00:00 fw %ASA-4-106023: Deny "quoted" \\ nonsense',
  ])('makes one line of JSON of %j', (line) => {
    const text = toDocument(line, entryOf(line));
    expect(text).not.toContain('\n');
    expect(JSON.parse(text)).toMatchObject({
      event: { original: line },
      distributary: { entry_id: '1795514400000-0' },
    });
  });

  it('keeps the bytes of a line that is not UTF-8', () => {
    const bytes = Buffer.from([0x66, 0xff, 0x77]);
    const entry = entryOf(bytes);
    const { event, distributary } = JSON.parse(toDocument(lineOf(entry), entry));
    expect(event.original).toBe('f\ufffdw');
    expect(Buffer.from(distributary.line_base64, 'base64')).toEqual(bytes);
  });

  it('shows what it would store', () => {
    expect(JSON.parse(preview(LINE))).toMatchObject({ event: { original: LINE } });
  });
});

describe('the configuration', () => {
  it('takes everything from the environment', () => {
    const config = readConfig({
      REDIS_URL: 'redis://redis:6379',
      ELASTICSEARCH_URL: 'https://es:9200',
      ELASTICSEARCH_USERNAME: 'noc',
      ELASTICSEARCH_PASSWORD: 'secret',
      ELASTICSEARCH_INDEX: 'fw-{yyyy.MM}',
    });
    expect(config.consumer.redis.url).toBe('redis://redis:6379');
    expect(config.elasticsearch).toMatchObject({ url: 'https://es:9200', username: 'noc' });
    expect(config.index).toBe('fw-{yyyy.MM}');
  });

  it('names what is missing', () => {
    expect(() => readConfig({})).toThrow('ELASTICSEARCH_URL is not set');
  });
});

describe('the consumer', () => {
  it('reads the stream and group that package.json declares, into the index', async () => {
    await using redis = await startRedis();
    await using elasticsearch = await startElasticsearch({ standIn: true });
    const connection = new RedisConnection({ url: redis.url }, 'test');
    const { stream, group } = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
    ).distributary;
    await connection.call('XADD', stream, '*', 'line', LINE);
    await using consumer = new NocConsumer({ REDIS_URL: redis.url, ELASTICSEARCH_URL: elasticsearch.url });
    await consumer.start();
    const [stored] = await until(async () => {
      const documents = await elasticsearch.stored('syslog-*');
      return documents.length > 0 && documents;
    });
    expect(stored?.document).toMatchObject({ event: { original: LINE } });
    const status: GroupStatus = await consumer.status();
    expect(status).toMatchObject({ stream, group, exists: true });
    connection.close();
  });
});

describeSink('the NOC', async () => {
  const elasticsearch = await startElasticsearch({ standIn: true });
  return {
    sink: new ElasticsearchSink({ url: elasticsearch.url, index: 'syslog-{yyyy.MM.dd}', document: toDocument }),
    decode: lineOf,
    faults: elasticsearch.faults,
    stored: async () =>
      (await elasticsearch.stored()).map(({ id, document }) => {
        const { event, distributary } = document as {
          event: { original: string };
          distributary: { line_base64?: string };
        };
        return { identity: id, line: event.original, lineBase64: distributary.line_base64 };
      }),
    [Symbol.asyncDispose]: () => elasticsearch[Symbol.asyncDispose](),
  };
});
