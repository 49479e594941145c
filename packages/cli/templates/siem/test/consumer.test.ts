import { readFileSync } from 'node:fs';
import { lineOf, RedisConnection, Secret } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import { describeSink, type StoredDocument, startCollector, startRedis, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import Consumer, { preview, readConfig, toEvent } from '../src/index.ts';

const TOKEN = '00000000-0000-4000-8000-000000000001';
const LINE = '<164>Nov 24 10:00:00 fw-1 %ASA-4-733100: [Scanning] drop rate-1 exceeded';

describe('the mapping', () => {
  it('keeps the line unchanged, and what it tells in ECS', () => {
    expect(JSON.parse(preview(LINE))).toMatchObject({ event: { original: LINE, code: '733100' } });
  });
});

describe('the configuration', () => {
  const siem = { SIEM_URL: 'https://splunk:8088', SIEM_TOKEN: TOKEN };

  it('takes the settings of the team from the environment, and shows no token', () => {
    const config = readConfig({ ...siem, SAMPLE_SOURCETYPE: 'fw' });
    expect(config.settings.SAMPLE_SOURCETYPE).toBe('fw');
    expect(JSON.stringify(config)).not.toContain(TOKEN);
  });

  it('names the variable that is missing or wrong', () => {
    expect(() => readConfig({})).toThrow('SIEM_URL is not set');
    const wrong = { ...siem, SAMPLE_SOURCETYPE: 'a b' };
    expect(() => readConfig(wrong)).toThrow('SAMPLE_SOURCETYPE must match');
  });
});

describe('the consumer', () => {
  it('reads the stream and group that package.json declares, into the collector', async () => {
    await using redis = await startRedis();
    await using collector = await startCollector({ standIn: true, token: TOKEN });
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const { stream, group } = manifest.distributary;
    const connection = new RedisConnection({ url: redis.url }, 'test');
    await connection.call('XADD', stream, '*', 'line', LINE);
    await using consumer = new Consumer({ REDIS_URL: redis.url, SIEM_URL: collector.url, SIEM_TOKEN: TOKEN });
    await consumer.start();
    const [stored] = await until(async () => {
      const events = await collector.stored();
      return events.length > 0 && events;
    });
    expect(stored?.document).toMatchObject({ sourcetype: 'cisco:asa', event: { event: { original: LINE } } });
    expect(await consumer.status()).toMatchObject({ stream, group, exists: true });
    connection.close();
  });
});

describeSink(
  'the sink of the team',
  async () => {
    const server = await startCollector({ standIn: true, token: TOKEN });
    const sink = new SiemSink({ url: server.url, token: new Secret(TOKEN), event: toEvent });
    return { ...server, sink, decode: lineOf, stored: async () => (await server.stored()).map(asStoredEntry) };
  },
  { redelivered: 'again' },
);

function asStoredEntry({ id, document }: StoredDocument) {
  const { event, distributary } = document['event'] as {
    event: { original: string };
    distributary: { line_base64?: string };
  };
  return { identity: id, line: event.original, lineBase64: distributary.line_base64 };
}
