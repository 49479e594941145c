import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisConnection } from '@distributary/core';
import { describeWithRedisProcess, redisCapability, startRedis, temporaryFolder, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';

const EMBEDDED = { DISTRIBUTARY_REDIS: 'embedded' };

describe('redisCapability', () => {
  it('prefers a given Redis, and still names the server for tests that need their own', () => {
    const environment = { REDIS_URL: 'redis://elsewhere:6379', REDIS_SERVER_BIN: '/opt/redis', PATH: '' };
    expect(redisCapability(environment)).toMatchObject({ kind: 'given', serverBin: '/opt/redis' });
  });

  it('prefers the server that REDIS_SERVER_BIN names to one on PATH', () => {
    expect(
      redisCapability({ ...process.env, REDIS_URL: '', DISTRIBUTARY_REDIS: '', REDIS_SERVER_BIN: '/opt/redis' }),
    ).toMatchObject({
      kind: 'process',
      serverBin: '/opt/redis',
    });
  });

  it('falls back to the embedded Redis where there is nothing else, and says why', () => {
    expect(redisCapability({ PATH: '' })).toMatchObject({
      kind: 'embedded',
      serverBin: undefined,
      describe: expect.stringContaining('no server on PATH'),
    });
  });
});

describe('startRedis', () => {
  it('gives a Redis that answers, whichever it is', async () => {
    await using redis = await startRedis();
    expect(await ask(redis.url, 'PING')).toBe('PONG');
  });

  it('gives an embedded Redis with consumer groups where that is asked for', async () => {
    await using redis = await startRedis({ environment: EMBEDDED });
    expect(redis.kind).toBe('embedded');
    const id = String(await ask(redis.url, 'XADD', 's', '*', 'line', 'one'));
    await ask(redis.url, 'XGROUP', 'CREATE', 's', 'g', '0');
    const read = JSON.stringify(texts(await ask(redis.url, 'XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>')));
    expect(read).toContain(id);
  });

  it('refuses to pass off another Redis as the process that was required', async () => {
    await expect(startRedis({ environment: EMBEDDED, requireProcess: true })).rejects.toThrow(/Install redis-server/);
    await using redis = await startRedis({ environment: EMBEDDED });
    await expect(redis.kill()).rejects.toThrow(/requireProcess/);
  });

  it('says what a server printed that did not start', async () => {
    const environment = { ...process.env, DISTRIBUTARY_REDIS: '', REDIS_SERVER_BIN: '/bin/false' };
    await expect(startRedis({ environment, requireProcess: true })).rejects.toThrow(
      /\/bin\/false ended before it answered/,
    );
  });
});

describeWithRedisProcess('a Redis server process', () => {
  it('keeps its port and its data through a kill and a restart when it is persistent', async () => {
    await using redis = await startRedis({ persistent: true });
    await ask(redis.url, 'SET', 'kept', 'yes');
    await redis.kill();
    await expect(ask(redis.url, 'PING')).rejects.toThrow();
    await redis.restart();
    expect(await ask(redis.url, 'GET', 'kept')).toBe('yes');
  });

  it('takes another port when another process has taken its own', async () => {
    await using folder = await temporaryFolder();
    const bin = join(folder.path, 'server');
    const refusedOnce = `[ -e ${folder.path}/refused ] || { touch ${folder.path}/refused; echo 'Address already in use'; exit 1; }`;
    await writeFile(bin, `#!/bin/sh\n${refusedOnce}\nexec ${redisCapability().serverBin} "$@"\n`, { mode: 0o755 });
    const environment = { ...process.env, REDIS_SERVER_BIN: bin };
    await using redis = await startRedis({ requireProcess: true, environment });
    expect(await ask(redis.url, 'PING')).toBe('PONG');
  });

  it('does not answer while it is paused', async () => {
    await using redis = await startRedis({ requireProcess: true });
    await redis.pause();
    await expect(ask(redis.url, 'PING')).rejects.toThrow();
    await redis.resume();
    expect(await until(() => ask(redis.url, 'PING'))).toBe('PONG');
  });
});

async function ask(url: string, command: string, ...args: string[]): Promise<unknown> {
  const connection = new RedisConnection({ url, commandTimeoutMs: 500 }, 'test');
  try {
    return texts(await connection.call(command, ...args));
  } finally {
    connection.close();
  }
}

function texts(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return Array.isArray(reply) ? reply.map(texts) : reply;
}
