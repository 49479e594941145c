import { execFile, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, type RedisFixture, redisCapability, startRedis, temporaryFolder } from '@distributary/testing';
import { describe } from 'vitest';

/** A Redis with a TLS port beside its plain one, whose certificate an authority of this test's own has signed. */
export interface TlsRedis extends AsyncDisposable {
  readonly server: RedisFixture;
  readonly tlsPort: number;
  /** The authority's certificate. */
  readonly ca: Buffer;
}

const openssl = (...args: string[]) => promisify(execFile)('openssl', args);

export async function startTlsRedis(): Promise<TlsRedis> {
  const folder = await temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const newKey = ['-newkey', 'rsa:2048', '-nodes'];
  await openssl('req', '-x509', ...newKey, '-keyout', path('ca.key'), '-out', path('ca.pem'), '-subj', '/CN=Test CA');
  await openssl('req', ...newKey, '-keyout', path('key.pem'), '-out', path('request.pem'), '-subj', '/CN=localhost');
  await writeFile(path('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  const authority = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-extfile', path('names')];
  await openssl('x509', '-req', '-in', path('request.pem'), ...authority, '-out', path('cert.pem'), '-days', '2');
  const tlsPort = await freePort();
  const files = ['--tls-cert-file', path('cert.pem'), '--tls-key-file', path('key.pem')];
  const trust = ['--tls-ca-cert-file', path('ca.pem'), '--tls-auth-clients', 'no'];
  const server = await startRedis({ args: ['--tls-port', String(tlsPort), ...files, ...trust] });
  return {
    server,
    tlsPort,
    ca: await readFile(path('ca.pem')),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const ANOTHER_SERVER = 'REDIS_SERVER_BIN=/path/to/redis-server npm test';

/** A suite that needs a Redis server built with TLS, and `openssl`; elsewhere it is skipped by name. */
export function describeWithTls(name: string, define: () => void): void {
  const missing = whatIsMissing();
  if (missing) describe.skip(`${name} (needs ${missing})`, define);
  else describe(name, define);
}

function whatIsMissing(): string | undefined {
  const { serverBin } = redisCapability();
  if (!serverBin) return `a Redis server process: ${ANOTHER_SERVER}`;
  // A server without TLS knows none of its directives; one with it goes on to look for the file.
  const probe = spawnSync(serverBin, ['--port', '0', '--tls-port', '1', '--tls-cert-file', '/nonexistent'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (/Bad directive|wrong number of arguments/.test(probe.stdout + probe.stderr))
    return `a Redis server built with TLS: ${ANOTHER_SERVER}`;
  return spawnSync('openssl', ['version']).error ? 'openssl: apt-get install openssl' : undefined;
}
