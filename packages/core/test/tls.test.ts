import { RedisConnection, type RedisOptions } from '@distributary/core';
import { until } from '@distributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithTls, startTlsRedis, type TlsRedis } from './redis-tls.ts';
import { TestSink } from './test-sink.ts';
import { TestStream } from './test-stream.ts';

describeWithTls('TLS', () => {
  let redis: TlsRedis;
  beforeAll(async () => {
    redis = await startTlsRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  async function ping(options: RedisOptions): Promise<string> {
    const connection = new RedisConnection({ commandTimeoutMs: 5_000, ...options }, 'test');
    try {
      return String(await connection.call('PING'));
    } finally {
      connection.close();
    }
  }

  it('takes a certificate whose authority is given, by address and by name', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await ping({ url: `rediss://${host}:${redis.tlsPort}`, tls: { ca: redis.ca } })).toBe('PONG');
    }
    expect(await ping({ url: `redis://localhost:${redis.tlsPort}`, tls: { ca: redis.ca } })).toBe('PONG');
  });

  it('refuses a certificate that it cannot verify, and says what to do', async () => {
    const url = `rediss://localhost:${redis.tlsPort}`;
    await expect(ping({ url })).rejects.toThrow(/certificate.*redis\.tls\.ca/);
    const tls = { ca: redis.ca, servername: 'redis.example' };
    await expect(ping({ url, tls })).rejects.toThrow(/redis\.example.*the host as the certificate does/);
  });

  it('says so when only one side speaks it', async () => {
    await expect(ping({ url: `rediss://127.0.0.1:${redis.server.port}`, commandTimeoutMs: 500 })).rejects.toThrow(
      /whether that port speaks TLS/,
    );
  });

  it('carries both connections of a consumer', async () => {
    await using stream = new TestStream(redis.server);
    const ids = await stream.addMany(5);
    const sink = new TestSink();
    const consumer = stream.consumer(sink, {
      redis: { url: `rediss://localhost:${redis.tlsPort}`, tls: { ca: redis.ca } },
    });
    await consumer.start();
    await until(async () => sink.confirmed.length === 5 && (await stream.pending()) === 0);
    expect(sink.confirmed).toEqual(ids);
    expect(consumer.reported('redisUnavailable')).toEqual([]);
  });
});
