import { SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { ElasticsearchAudit, ElasticsearchSink } from '@distributary/sink-elasticsearch';
import { ScriptedServer, startElasticsearch, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { decoded, numbered, optionsFor, unaborted } from './bulk-server.ts';
import { ownIndex } from './own-index.ts';

const DAY_MS = 86_400_000;
const entriesOf = (batch: ReturnType<typeof numbered>) => batch.map(({ entry }) => entry);

describe('an audit', () => {
  it('says which entries are stored, each in the index where it belongs, and two of one event for both', async () => {
    await using server = await startElasticsearch();
    await using index = ownIndex(server, '{yyyy.MM.dd}');
    const at = Date.UTC(2026, 10, 24, 12);
    const batch = [
      decoded(`${at}-0`, 'today'),
      decoded(`${at - DAY_MS}-0`, 'yesterday'),
      decoded(`${at}-1`, 'sent twice', 'event 1'),
      decoded(`${at}-2`, 'sent twice', 'event 1'),
    ];
    const options = { ...optionsFor(server.url), ...index.connection, index: index.name };
    const sink = new ElasticsearchSink(options);
    await sink.deliver(batch, unaborted);
    await sink.close();
    const strangers = [
      decoded(`${at}-0`, 'another line under the same ID'),
      decoded(`${at - DAY_MS}-1`, 'sent twice', 'event 1'),
      decoded(`${at - 9 * DAY_MS}-0`, 'of a day without an index'),
    ];
    const { document, ...auditOptions } = options;
    const audit = new ElasticsearchAudit(auditOptions);
    const held = await until(async () => {
      const found = await audit.held(entriesOf(batch), unaborted);
      return found.size === batch.length && found;
    });
    expect([...held].sort()).toEqual(batch.map(({ id }) => id).sort());
    expect(await audit.held(entriesOf(strangers), unaborted)).toEqual(new Set());
    expect(await audit.held([], unaborted)).toEqual(new Set());
    await audit.close();
  });

  it.each([
    [{ timed_out: true, _shards: { failed: 0 }, hits: { hits: [] } }, 'a part of its shards'],
    [{ timed_out: false, _shards: { failed: 1 }, hits: { hits: [] } }, 'a part of its shards'],
    [{ acknowledged: true }, 'a part of its shards'],
    ['<html>', 'something else than JSON'],
  ])('takes %j for no answer', async (body, says) => {
    const thrown = await troubleOf({ status: 200, body });
    expect(thrown).toBeInstanceOf(SinkUnavailableError);
    expect(thrown.message).toContain(says);
  });

  it('says what to do about a user who may not read, and speaks of no batch', async () => {
    const refused = { type: 'security_exception', reason: 'unauthorized for API key' };
    const held = await troubleOf({ status: 403, body: { error: refused, status: 403 } });
    expect(held).toBeInstanceOf(SinkHoldError);
    expect(held.message).toContain('what the README of the sink lists');
    const busy = await troubleOf({ status: 503, body: {} });
    expect(busy).toBeInstanceOf(SinkUnavailableError);
    expect(busy.message).toMatch(/503.*Ask again later\.$/);
  });
});

async function troubleOf(answer: { status: number; body: unknown }): Promise<Error> {
  const headers = { 'x-elastic-product': 'Elasticsearch' };
  const about = { status: 200, headers, body: { version: { number: '9.2.1' } } };
  await using server = await ScriptedServer.start(({ path }) =>
    path === '/' ? about : { ...answer, headers, body: answer.body as object },
  );
  const audit = new ElasticsearchAudit({ url: server.url, index: 'syslog-{yyyy.MM.dd}' });
  try {
    return await audit.held(entriesOf(numbered(1)), unaborted).then(
      () => new Error('it was answered'),
      (thrown) => thrown as Error,
    );
  } finally {
    await audit.close();
  }
}
