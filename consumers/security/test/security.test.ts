import { readFileSync } from 'node:fs';
import SecurityConsumer, { preview, readConfig, toEvent } from '@distributary/consumer-security';
import { Entry, lineOf, RedisConnection, Secret } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import { describeSink, startCollector, startRedis, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';

const TOKEN = '00000000-0000-4000-8000-000000000001';
const LINE =
  '<166>Nov 24 10:00:00 fw-edge-1 %ASA-6-113005: AAA user authentication Rejected : reason = Invalid password : server = 10.0.0.5 : user = mallory : user IP = 203.0.113.9';

function entryOf(line: string): Entry {
  return new Entry('1795514400000-0', [Buffer.from('line'), Buffer.from(line)]);
}

describe('the mapping', () => {
  it('makes ECS of a firewall line, with the line unchanged and where it came from', () => {
    expect(JSON.parse(toEvent(LINE, entryOf(LINE)))).toMatchObject({
      event: { original: LINE, code: '113005', outcome: 'failure' },
      user: { name: 'mallory' },
      distributary: { entry_id: '1795514400000-0' },
    });
  });

  it.each(['not syslog at all', '', '"}}{"event":"forged"}'])('makes one line of JSON of %j', (line) => {
    const text = toEvent(line, entryOf(line));
    expect(text).not.toContain('\n');
    expect(JSON.parse(text)).toMatchObject({ event: { original: line } });
  });

  it('shows what it would send', () => {
    expect(JSON.parse(preview(LINE))).toMatchObject({ event: { original: LINE } });
  });
});

describe('the configuration', () => {
  it('takes everything from the environment', () => {
    const { siem } = readConfig({ SIEM_URL: 'https://splunk:8088', SIEM_TOKEN: TOKEN, SIEM_ACK: 'true' });
    expect(siem).toMatchObject({ url: 'https://splunk:8088', acknowledgement: true });
    expect(siem.token?.reveal()).toBe(TOKEN);
  });

  it('names what is missing, and shows no token', () => {
    expect(() => readConfig({})).toThrow('SIEM_URL is not set');
    expect(JSON.stringify(readConfig({ SIEM_URL: 'https://splunk:8088', SIEM_TOKEN: TOKEN }))).not.toContain(TOKEN);
  });
});

describe('the consumer', () => {
  it('reads the stream and group that package.json declares, into the collector', async () => {
    await using redis = await startRedis();
    await using collector = await startCollector({ standIn: true, token: TOKEN });
    const connection = new RedisConnection({ url: redis.url }, 'test');
    const { stream, group } = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
    ).distributary;
    await connection.call('XADD', stream, '*', 'line', LINE);
    await using consumer = new SecurityConsumer({ REDIS_URL: redis.url, SIEM_URL: collector.url, SIEM_TOKEN: TOKEN });
    await consumer.start();
    const [stored] = await until(async () => {
      const events = await collector.stored();
      return events.length > 0 && events;
    });
    expect(stored?.document).toMatchObject({ source: 'distributary', event: { event: { original: LINE } } });
    expect(await consumer.status()).toMatchObject({ stream, group, exists: true });
    connection.close();
  });
});

describeSink(
  'Security',
  async () => {
    const collector = await startCollector({ standIn: true, token: TOKEN });
    return {
      sink: new SiemSink({ url: collector.url, token: new Secret(TOKEN), event: toEvent }),
      decode: lineOf,
      faults: collector.faults,
      stored: async () =>
        (await collector.stored()).map(({ id, document }) => {
          const { event, distributary } = document['event'] as {
            event: { original: string };
            distributary: { line_base64?: string };
          };
          return { identity: id, line: event.original, lineBase64: distributary.line_base64 };
        }),
      [Symbol.asyncDispose]: () => collector[Symbol.asyncDispose](),
    };
  },
  { redelivered: 'again' },
);
