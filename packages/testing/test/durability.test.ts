import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startCollector, startElasticsearch, temporaryFolder } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { bulkBody, post, request } from './http.ts';

describe('a stand-in with a file', () => {
  it('has what it confirmed when it starts again, each document in its latest form', async () => {
    await using folder = await temporaryFolder();
    const options = { standIn: true, file: join(folder.path, 'documents') };
    {
      await using server = await startElasticsearch({ ...options, process: true });
      const body = bulkBody(['create', 'a', { n: 1 }], ['index', 'b', { n: 2 }], ['index', 'b', { n: 3 }]);
      await post(`${server.url}/lines/_bulk`, body);
      await post(`${server.url}/other/_bulk`, body);
      await request('DELETE', `${server.url}/other`);
    }
    await using server = await startElasticsearch(options);
    expect(await server.stored()).toEqual([
      { index: 'lines', id: 'a', document: { n: 1 } },
      { index: 'lines', id: 'b', document: { n: 3 } },
    ]);
    const { body } = await post(`${server.url}/lines/_bulk`, bulkBody(['create', 'a', {}]));
    expect(body.items[0].create.status).toBe(409);
  });

  it('forgets a line that a crash cut short, and loses nothing that comes after', async () => {
    await using folder = await temporaryFolder();
    const options = { standIn: true, file: join(folder.path, 'events') };
    const deliver = async (event: string) => {
      await using collector = await startCollector(options);
      await post(`${collector.url}/services/collector/event`, JSON.stringify({ event }));
    };
    await deliver('before');
    await deliver('before');
    await appendFile(options.file, '{"id":"","index":"","text":"{\\"event\\":\\"torn');
    await deliver('after');
    await using collector = await startCollector(options);
    expect((await collector.stored()).map(({ document }) => document['event'])).toEqual(['before', 'before', 'after']);
  });
});
