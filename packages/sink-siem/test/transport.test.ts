import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { OptionsError, Secret, SinkHoldError, SinkUnavailableError } from '@distributary/core';
import { SiemSink, siemFromEnvironment } from '@distributary/sink-siem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numbered, optionsFor, statuses, TOKEN, unaborted } from './batches.ts';
import { startScripted } from './scripted-collector.ts';

let folder: string;
let certificate: { key: Buffer; cert: Buffer };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sink-siem-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], { stdio: 'pipe' });
  certificate = { key: readFileSync(key), cert: readFileSync(cert) };
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('the answer is no confirmation when', () => {
  it('the connection is refused', async () => {
    const collector = await startScripted();
    const { url } = collector;
    await collector[Symbol.asyncDispose]();
    const thrown = await troubleOf(url);
    expect(thrown).toBeInstanceOf(SinkUnavailableError);
    expect(thrown.message).toContain('ECONNREFUSED');
  });

  it('its name leads nowhere', async () => {
    const thrown = await troubleOf('http://collector.invalid:8088');
    expect(thrown).toBeInstanceOf(SinkUnavailableError);
    expect(thrown.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it('the connection is reset after the events were taken', async () => {
    await using collector = await startScripted((_, response) => void response.socket?.destroy());
    expect(await troubleOf(collector.url)).toBeInstanceOf(SinkUnavailableError);
  });

  it('its body is cut short', async () => {
    await using collector = await startScripted((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"text":"Success","code":0}', () => response.destroy());
      return undefined;
    });
    expect(await troubleOf(collector.url)).toBeInstanceOf(SinkUnavailableError);
  });

  it('its body drips in more slowly than the deadline allows', async () => {
    await using collector = await startScripted((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
      return undefined;
    });
    const thrown = await troubleOf(collector.url, { requestTimeoutMs: 200 });
    expect(thrown).toBeInstanceOf(SinkUnavailableError);
    expect(thrown.message).toContain('200 ms');
  });

  it('it never comes', async () => {
    await using collector = await startScripted(() => undefined);
    expect(await troubleOf(collector.url, { requestTimeoutMs: 100 })).toBeInstanceOf(SinkUnavailableError);
  });

  it('it is endless, of which only the beginning is read', async () => {
    let written = 0;
    await using collector = await startScripted((_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20))) written += 65_536;
      };
      response.on('drain', more);
      more();
      return undefined;
    });
    expect(await troubleOf(collector.url)).toBeInstanceOf(SinkUnavailableError);
    expect(written).toBeLessThan(64 * 1_024 * 1_024);
  });
});

it('reaches a collector by its name', async () => {
  await using collector = await startScripted();
  const sink = new SiemSink(optionsFor(collector.url.replace('127.0.0.1', 'localhost')));
  expect(statuses(await sink.deliver(numbered(1), unaborted))).toEqual(['delivered']);
  await sink.close();
});

it('follows no redirect and sends the events nowhere else', async () => {
  await using elsewhere = await startScripted();
  await using collector = await startScripted(() => ({ status: 307, headers: { location: elsewhere.url } }));
  expect(await troubleOf(collector.url)).toBeInstanceOf(SinkHoldError);
  expect(elsewhere.requests).toHaveLength(0);
});

describe('a certificate', () => {
  it('that nobody vouches for holds the sink', async () => {
    await using collector = await startScripted(undefined, certificate);
    const thrown = await troubleOf(collector.url);
    expect(thrown).toBeInstanceOf(SinkHoldError);
    expect(thrown.message).toContain('tls.ca');
    expect(collector.requests).toHaveLength(0);
  });

  it('is trusted when its authority is given', async () => {
    await using collector = await startScripted(undefined, certificate);
    const sink = new SiemSink(optionsFor(collector.url, { tls: { ca: certificate.cert } }));
    expect(statuses(await sink.deliver(numbered(1), unaborted))).toEqual(['delivered']);
    await sink.close();
  });

  it('is not looked at when the sink is told so, which it announces', async () => {
    await using collector = await startScripted(undefined, certificate);
    const warnings: string[] = [];
    const listen = (warning: Error) => warnings.push(warning.message);
    process.on('warning', listen);
    const sink = new SiemSink(optionsFor(collector.url, { tls: { insecure: true } }));
    expect(statuses(await sink.deliver(numbered(1), unaborted))).toEqual(['delivered']);
    await sink.close();
    await expect.poll(() => warnings.length).toBe(1);
    process.off('warning', listen);
    expect(warnings[0]).toContain('Any certificate is accepted');
  });
});

describe('the token', () => {
  it('is in no error and in no inspection of a sink', async () => {
    await using redirecting = await startScripted(() => ({ status: 307, headers: { location: '/' } }));
    await using encrypted = await startScripted(undefined, certificate);
    await using refusing = await startScripted(() => ({
      status: 403,
      body: { text: 'Invalid token', code: 4 },
    }));
    for (const url of [redirecting.url, encrypted.url, refusing.url, 'http://127.0.0.1:1', 'http://name.invalid']) {
      expect(everythingOf(await troubleOf(url)), url).not.toContain(TOKEN);
    }
    expect(everythingOf(new SiemSink(optionsFor('http://127.0.0.1:1')))).not.toContain(TOKEN);
  });

  it.each(['short', `${TOKEN}\r\nx-injected: 1`, `${TOKEN} `, `"${TOKEN}"`])(
    'is refused, unseen, when it is %j',
    (token) => {
      const thrown = errorOf(() => new SiemSink(optionsFor('http://127.0.0.1:1', { token: new Secret(token) })));
      expect(thrown).toBeInstanceOf(OptionsError);
      expect(everythingOf(thrown)).not.toContain(token.slice(0, 8));
    },
  );
});

describe('the environment', () => {
  it('names the collector, its token and whether it acknowledges', () => {
    const path = join(folder, 'token');
    writeFileSync(path, `${TOKEN}\n`);
    const settings = siemFromEnvironment({ SIEM_URL: 'https://siem', SIEM_TOKEN_FILE: path, SIEM_ACK: 'true' });
    expect(settings).toMatchObject({ url: 'https://siem', acknowledgement: true });
    expect(settings.token?.reveal()).toBe(TOKEN);
    expect(siemFromEnvironment({ SIEM_URL: 'https://siem' })).toMatchObject({
      acknowledgement: false,
      token: undefined,
    });
  });

  it.each([
    [{}, /SIEM_URL/],
    [{ SIEM_URL: 'https://siem', SIEM_ACK: 'yes' }, /SIEM_ACK/],
    [{ SIEM_URL: 'https://siem', SIEM_TOKEN: 'a b c d e f g' }, /SIEM_TOKEN/],
  ])('that is incomplete is refused with what to set: %j', (environment, advice) => {
    expect(() => siemFromEnvironment(environment)).toThrow(OptionsError);
    expect(() => siemFromEnvironment(environment)).toThrow(advice);
  });
});

async function troubleOf(url: string, more: Parameters<typeof optionsFor>[1] = {}): Promise<Error> {
  const sink = new SiemSink(optionsFor(url, more));
  const thrown = await sink.deliver(numbered(2), unaborted).then(
    () => new Error('it was delivered'),
    (error: Error) => error,
  );
  await sink.close();
  return thrown;
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

function everythingOf(value: unknown): string {
  return `${inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true })}${(value as Error)?.stack}${JSON.stringify(value)}`;
}
