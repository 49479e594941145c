import { SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { ElasticsearchSink } from '@distributary/sink-elasticsearch';
import { freePort, type ScriptedAnswer, ScriptedServer, startElasticsearch } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { optionsFor, unaborted } from './bulk-server.ts';

const PRODUCT = { 'x-elastic-product': 'Elasticsearch' };
const ALL = { create_doc: true, auto_configure: true, create_index: true };

/** A server whose user may so much, and whose index has these settings. */
function serverOf(privileges: object | undefined, settings: object = {}): Promise<ScriptedServer> {
  return ScriptedServer.start(({ path }): ScriptedAnswer => {
    if (path === '/') return { status: 200, headers: PRODUCT, body: { version: { number: '9.2.1' } } };
    if (path.startsWith('/_security')) {
      if (!privileges) return { status: 400, headers: PRODUCT, body: { error: 'no handler found' } };
      return { status: 200, headers: PRODUCT, body: { index: { 'syslog-*': privileges } } };
    }
    return { status: 200, headers: PRODUCT, body: { 'syslog-2026.11.24': { settings } } };
  });
}

async function check(url: string): Promise<string> {
  const sink = new ElasticsearchSink(optionsFor(url));
  try {
    await sink.check(unaborted);
    return 'ok';
  } catch (thrown) {
    if (thrown instanceof SinkHoldError || thrown instanceof SinkUnavailableError) return thrown.message;
    throw thrown;
  } finally {
    await sink.close();
  }
}

describe('a check of Elasticsearch', () => {
  it('finds nothing wrong with a server that would take documents, and stores none', async () => {
    await using elasticsearch = await startElasticsearch({ standIn: true });
    expect(await check(elasticsearch.url)).toBe('ok');
    expect(await elasticsearch.stored()).toEqual([]);
    await using secured = await serverOf(ALL);
    expect(await check(secured.url)).toBe('ok');
    expect(secured.requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`)).toEqual([
      'GET /',
      'POST /_security/user/_has_privileges',
      expect.stringMatching(/^GET \/syslog-\d{4}\.\d\d\.\d\d\/_settings$/),
    ]);
  });

  it.each([
    [{ ...ALL, create_doc: false }, {}, 'Grant it create_doc and auto_configure on syslog-*'],
    [{ ...ALL, auto_configure: false, create_index: false }, {}, 'Grant it create_doc and auto_configure on syslog-*'],
    [{ ...ALL, auto_configure: false }, {}, 'ok'],
    [undefined, {}, 'ok'],
    [ALL, { 'index.blocks.read_only_allow_delete': 'true' }, 'Free disk space on the nodes'],
    [ALL, { 'index.blocks.write': 'false' }, 'ok'],
  ])('finds what keeps documents out: %j %j', async (privileges, settings, says) => {
    await using server = await serverOf(privileges, settings);
    expect(await check(server.url)).toContain(says);
  });

  it('finds a wrong key, another product and no server at all', async () => {
    await using wrongKey = await ScriptedServer.start(() => ({ status: 401, headers: PRODUCT, body: {} }));
    expect(await check(wrongKey.url)).toContain('Check ELASTICSEARCH_API_KEY');
    await using other = await ScriptedServer.start(() => ({ status: 200, body: {} }));
    expect(await check(other.url)).toContain('Check that ELASTICSEARCH_URL leads to Elasticsearch');
    expect(await check(`http://127.0.0.1:${await freePort()}`)).toContain('gave no whole answer');
  });
});
