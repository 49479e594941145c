import { Secret, SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { SiemSink, type SiemSinkOptions } from '@distributary/sink-siem';
import { freePort, type ScriptedAnswer, startCollector } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { startScripted } from './scripted-collector.ts';

const TOKEN = '00000000-0000-4000-8000-000000000001';

async function check(url: string, more: Partial<SiemSinkOptions<string>> = {}): Promise<string> {
  const sink = new SiemSink<string>({ url, token: new Secret(TOKEN), event: (line) => ({ line }), ...more });
  try {
    await sink.check(new AbortController().signal);
    return 'ok';
  } catch (thrown) {
    if (thrown instanceof SinkHoldError || thrown instanceof SinkUnavailableError) return thrown.message;
    throw thrown;
  } finally {
    await sink.close();
  }
}

describe('a check of a collector', () => {
  it.each(['hec', 'ndjson', 'json'] as const)(
    'finds nothing wrong with a healthy one, and stores nothing: %s',
    async (format) => {
      await using collector = await startCollector({ standIn: true, token: TOKEN });
      expect(await check(collector.url, { format })).toBe('ok');
      expect(await collector.stored()).toEqual([]);
    },
  );

  it.each(['hec', 'ndjson', 'json'] as const)('finds a wrong token: %s', async (format) => {
    await using collector = await startCollector({ standIn: true, token: 'another-token-altogether' });
    expect(await check(collector.url, { format })).toContain('Check SIEM_TOKEN');
  });

  it.each([
    [{ status: 400, body: { text: 'No data', code: 5 } }, 'ok'],
    [{ status: 400, body: { text: 'Invalid data format', code: 6 } }, 'ok'],
    [{ status: 403, body: { text: 'Token disabled', code: 1 } }, 'Enable the token'],
    [{ status: 503, body: { text: 'Server is busy', code: 9 } }, 'Server is busy'],
    [{ status: 302, body: '' }, 'Redirects are never followed'],
    [{ status: 200, body: '<html>Sign in</html>' }, 'not to a proxy or a login page'],
  ] satisfies [ScriptedAnswer, string][])('takes no answer for more than it says: %j', async (answer, says) => {
    await using collector = await startScripted(() => answer);
    expect(await check(collector.url)).toContain(says);
    expect(collector.requests.map(({ body }) => body.length)).toEqual([0]);
  });

  it('finds no collector at all', async () => {
    expect(await check(`http://127.0.0.1:${await freePort()}`)).toContain('gave no whole answer');
  });
});
