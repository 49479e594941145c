import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { RedisConnection, type RedisOptions, RedisUnavailableError, Secret } from '@distributary/core';
import {
  describeWithRedisProcess,
  freePort,
  type RedisFixture,
  startRedis,
  TcpProxy,
  until,
} from '@distributary/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

let redis: RedisFixture;
const opened: RedisConnection[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

function connectionTo(options: RedisOptions): RedisConnection {
  const connection = new RedisConnection({ commandTimeoutMs: 300, ...options }, 'test');
  opened.push(connection);
  return connection;
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable('it succeeded'),
    (error: Error) => error,
  );
}

describe('a connection to Redis', () => {
  it('does no I/O before its first command', async () => {
    await using proxy = await TcpProxy.to(redis.port);
    const connection = connectionTo({ url: proxy.url });
    expect(proxy.accepted).toBe(0);
    expect(await connection.connect()).toBe(1);
    expect(proxy.accepted).toBe(1);
  });

  it('opens one connection for commands that come together', async () => {
    await using proxy = await TcpProxy.to(redis.port);
    const connection = connectionTo({ url: proxy.url });
    await Promise.all(Array.from({ length: 20 }, () => connection.call('PING')));
    expect(proxy.accepted).toBe(1);
  });

  it('returns bulk strings as bytes, invalid UTF-8 included', async () => {
    const connection = connectionTo({ url: redis.url });
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x0d, 0x0a]);
    await connection.call('SET', 'bytes', bytes);
    expect(await connection.call('GET', 'bytes')).toEqual(bytes);
  });

  it.each(['drop-replies', 'blackhole'] as const)(
    'rejects a command whose answer never comes at its deadline and replaces the connection (%s)',
    async (mode) => {
      await using proxy = await TcpProxy.to(redis.port);
      const connection = connectionTo({ url: proxy.url });
      await connection.call('PING');
      proxy.mode = mode;
      const error = await failure(connection.call('PING'));
      expect(error).toBeInstanceOf(RedisUnavailableError);
      expect(error.message).toMatch(/did not answer PING within 300 ms/);
      proxy.mode = 'pass';
      expect(String(await connection.call('PING'))).toBe('PONG');
      expect(await connection.connect()).toBe(2);
    },
  );

  it('never sends a command again whose answer was lost', async () => {
    await using proxy = await TcpProxy.to(redis.port);
    const connection = connectionTo({ url: proxy.url });
    await connection.call('DEL', 'counter');
    proxy.mode = 'drop-replies';
    await failure(connection.call('INCR', 'counter'));
    proxy.mode = 'pass';
    expect(String(await connection.call('GET', 'counter'))).toBe('1');
  });

  it('rejects every command under way as soon as the connection closes', async () => {
    await using proxy = await TcpProxy.to(redis.port);
    const connection = connectionTo({ url: proxy.url, commandTimeoutMs: 60_000 });
    await connection.call('PING');
    proxy.mode = 'drop-replies';
    const under = [connection.call('PING'), connection.callBlocking(10_000, 'BLPOP', ['nothing', 10])].map(failure);
    proxy.reset();
    for (const error of await Promise.all(under)) expect(error).toBeInstanceOf(RedisUnavailableError);
    proxy.mode = 'pass';
    expect(await connection.connect()).toBe(2);
  });

  it('rejects what is under way when it is closed, and everything after that', async () => {
    const connection = connectionTo({ url: redis.url, commandTimeoutMs: 60_000 });
    await connection.connect();
    const blocked = failure(connection.callBlocking(10_000, 'BLPOP', ['nothing', 10]));
    connection.close();
    expect((await blocked).message).toMatch(/was closed/);
    expect((await failure(connection.call('PING'))).message).toMatch(/was closed/);
    expect((await failure(connection.connect())).message).toMatch(/was closed/);
  });

  it('rejects a transaction whose connection breaks', async () => {
    await using proxy = await TcpProxy.to(redis.port);
    const connection = connectionTo({ url: proxy.url, commandTimeoutMs: 60_000 });
    await connection.connect();
    proxy.mode = 'drop-replies';
    const transaction = failure(connection.transaction([['PING'], ['PING']]));
    proxy.reset();
    expect(await transaction).toBeInstanceOf(RedisUnavailableError);
  });

  it('can be closed while it connects', async () => {
    await using proxy = await TcpProxy.to(redis.port);
    proxy.mode = 'blackhole';
    const connection = connectionTo({ url: proxy.url, commandTimeoutMs: 60_000 });
    const connecting = failure(connection.connect());
    await until(() => proxy.accepted === 1);
    connection.close();
    expect((await connecting).message).toMatch(/was closed/);
    await until(() => proxy.accepted === 1);
  });

  it('gives up connecting to a server that accepts and says nothing', async () => {
    const connection = connectionTo({ url: `redis://127.0.0.1:${await silentPort()}` });
    expect((await failure(connection.connect())).message).toMatch(/did not answer the connection within 600 ms/);
  });

  it('runs a transaction as a whole or not at all, and says which command was refused', async () => {
    const connection = connectionTo({ url: redis.url });
    expect(
      (
        await connection.transaction([
          ['SET', 'a', 1],
          ['INCR', 'a'],
        ])
      ).map(String),
    ).toEqual(['OK', '2']);
    const error = await failure(
      connection.transaction([
        ['SET', 'a', 7],
        ['XADD', 'secret-payload'],
      ]),
    );
    expect(error.message).toMatch(/wrong number of arguments for 'xadd'/);
    expect(String(await connection.call('GET', 'a'))).toBe('2');
  });
});

describe('a connection that cannot be made', () => {
  it.each([
    ['a refused port', async () => `redis://127.0.0.1:${await freePort()}`, /ECONNREFUSED.*Start Redis there/],
    ['an unknown host', () => 'redis://no-such-host.invalid', /Check the host name/],
    ['a database that is not there', () => `${redis.url}/4711`, /DB index.*Correct the database number/],
  ])('says what to do about %s', async (_, url, message) => {
    const connection = connectionTo({ url: await url(), commandTimeoutMs: 5_000 });
    expect((await failure(connection.call('PING'))).message).toMatch(message);
  });

  it('never shows what a refused command carried', async () => {
    const connection = connectionTo({ url: redis.url });
    await connection.call('SET', 'text', 'x');
    const error = await failure(connection.call('XADD', 'text', '*', 'line', 'secret-payload'));
    expect(error.message).toMatch(/^WRONGTYPE/);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret-payload');
  });
});

describeWithRedisProcess('credentials that are wrong', () => {
  it('are refused with what to do, and never shown', async () => {
    await using guarded = await startRedis({ requireProcess: true });
    await connectionTo({ url: guarded.url }).call('CONFIG', 'SET', 'requirepass', 'right-password');
    const wrong = connectionTo({ url: guarded.url, password: new Secret('wrong-password') });
    const inUrl = connectionTo({ url: `redis://:wrong-password@127.0.0.1:${guarded.port}` });
    for (const connection of [wrong, inUrl]) {
      const error = await failure(connection.call('PING'));
      expect(error.message).toMatch(/WRONGPASS.*Check REDIS_USERNAME and REDIS_PASSWORD/);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('wrong-password');
    }
    const without = connectionTo({ url: guarded.url });
    expect((await failure(without.call('PING'))).message).toMatch(/NOAUTH/);
    const right = connectionTo({ url: guarded.url, password: new Secret('right-password') });
    expect(String(await right.call('PING'))).toBe('PONG');
  });
});

const silent: { close(): void }[] = [];
afterAll(() => {
  for (const server of silent) server.close();
});

async function silentPort(): Promise<number> {
  const server = createServer().unref();
  server.on('connection', (socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  silent.push(server);
  return (server.address() as { port: number }).port;
}
