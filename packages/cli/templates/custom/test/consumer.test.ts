import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lineOf, RedisConnection } from '@distributary/core';
import { describeSink, startRedis, temporaryFolder, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import Consumer, { FileSink, preview, readConfig, toDocument } from '../src/index.ts';

const LINE = '<164>Nov 24 10:00:00 fw-1 %ASA-4-733100: [Scanning] drop rate-1 exceeded';

describe('the mapping', () => {
  it('keeps the line unchanged, and what it tells in ECS', () => {
    expect(JSON.parse(preview(LINE))).toMatchObject({ event: { original: LINE, code: '733100' } });
  });
});

describe('the configuration', () => {
  it('takes the settings of the team from the environment', () => {
    const { settings } = readConfig({ SAMPLE_FOLDER: '/data' });
    expect(settings.SAMPLE_FOLDER).toBe('/data');
  });

  it('names the variable that is missing', () => {
    expect(() => readConfig({})).toThrow('SAMPLE_FOLDER is not set');
  });
});

describe('the consumer', () => {
  it('reads the stream and group that package.json declares, into the folder', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const { stream, group } = manifest.distributary;
    const connection = new RedisConnection({ url: redis.url }, 'test');
    await connection.call('XADD', stream, '*', 'line', LINE);
    await using consumer = new Consumer({ REDIS_URL: redis.url, SAMPLE_FOLDER: folder.path });
    await consumer.start();
    const [stored] = await until(async () => {
      const entries = await storedIn(folder.path);
      return entries.length > 0 && entries;
    });
    expect(stored?.line).toBe(LINE);
    expect(await consumer.status()).toMatchObject({ stream, group, exists: true });
    connection.close();
  });
});

describeSink(
  'the sink of the team',
  async () => {
    const folder = await temporaryFolder();
    const sink = new FileSink({ folder: folder.path, owner: 'test', document: toDocument });
    return { ...folder, sink, decode: lineOf, stored: () => storedIn(folder.path) };
  },
  { redelivered: 'again' },
);

async function storedIn(folder: string) {
  const files = await readdir(folder);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.flatMap((text) => text.split('\n').slice(0, -1)).map(asStoredEntry);
}

function asStoredEntry(line: string) {
  const { id, document } = JSON.parse(line) as {
    id: string;
    document: { event: { original: string }; distributary: { line_base64?: string } };
  };
  return { identity: id, line: document.event.original, lineBase64: document.distributary.line_base64 };
}
