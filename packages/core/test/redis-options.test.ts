import { consumerFromEnvironment, describeRedis, OptionsError, redisFromEnvironment, Secret } from '@distributary/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientOptions } from '../src/redis-options.ts';

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
);
const port = fc.integer({ min: 1, max: 65_535 });
const credential = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed());

describe('a Redis URL', () => {
  it('reaches the host, port, database and user that it names, whatever they are made of', () => {
    fc.assert(
      fc.property(host, port, fc.nat(1_000), credential, credential, (name, number, database, user, password) => {
        const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
        expect(clientOptions({ url: `redis://${login}@${name}:${number}/${database}` })).toEqual({
          host: name.replace(/^\[|\]$/g, ''),
          port: number,
          db: database,
          username: user,
          password,
        });
      }),
    );
  });

  it('names Sentinels and the primary that they watch', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(host, port), { minLength: 1, maxLength: 5 }), fc.domain(), (sentinels, name) => {
        const hosts = sentinels.map(([address, number]) => `${address}:${number}`).join(',');
        expect(clientOptions({ url: `redis+sentinel://${hosts}/${name}` })).toEqual({
          sentinels: sentinels.map(([address, number]) => ({ host: address.replace(/^\[|\]$/g, ''), port: number })),
          name,
          db: 0,
        });
      }),
    );
  });

  it('is understood or refused, with what to write, and shown in neither case', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), credential, (text, password) => {
        const secret = `hunter2${encodeURIComponent(password)}`;
        for (const url of [text, `redis://u:${secret}@${text}`]) {
          try {
            clientOptions({ url });
          } catch (error) {
            expect(error).toBeInstanceOf(OptionsError);
            expect((error as Error).message).toMatch(/Use redis:\/\/host:6379/);
            expect((error as Error).message).not.toContain(secret);
          }
          expect(describeRedis({ url: `redis://u:${secret}@h` })).not.toContain(secret);
        }
      }),
    );
  });

  it('turns TLS on and never off, and verifies the name it was given', () => {
    expect(clientOptions({ url: 'rediss://redis.example' }).tls).toEqual({
      servername: 'redis.example',
      rejectUnauthorized: true,
    });
    expect(clientOptions({ url: 'rediss://10.0.0.1' }).tls).toEqual({ rejectUnauthorized: true });
    expect(clientOptions({ url: 'redis://h', tls: { ca: 'x' } }).tls).toMatchObject({
      ca: 'x',
      rejectUnauthorized: true,
    });
    const careless = { rejectUnauthorized: false } as object;
    expect(clientOptions({ url: 'rediss://h', tls: careless }).tls).toMatchObject({ rejectUnauthorized: true });
    expect(clientOptions({ url: 'rediss+sentinel://s/main' })).toMatchObject({ enableTLSForSentinelMode: true });
  });

  it('gives way to a user name and a password that are given beside it', () => {
    const options = { url: 'redis://a:b@h', username: 'c', password: new Secret('d') };
    expect(clientOptions(options)).toMatchObject({ username: 'c', password: 'd' });
  });
});

describe('the environment', () => {
  it('names the Redis, the consumer and its leases', () => {
    const environment = {
      REDIS_URL: 'redis://h',
      REDIS_USERNAME: 'u',
      REDIS_PASSWORD: 'p\n',
      DISTRIBUTARY_CONSUMER: 'host-1',
      DISTRIBUTARY_CLAIM_IDLE_MS: '3000',
      DISTRIBUTARY_CHECKPOINT_FOLDER: '/var/lib/distributary',
    };
    const { redis, consumer, claim, checkpoint } = consumerFromEnvironment(environment);
    expect([redis.url, redis.username, redis.password?.reveal()]).toEqual(['redis://h', 'u', 'p']);
    expect([consumer, claim]).toEqual(['host-1', { idleMs: 3_000, renewMs: 1_000 }]);
    expect(checkpoint).toEqual({ folder: '/var/lib/distributary' });
  });

  it('may be empty', () => {
    expect(redisFromEnvironment({})).toEqual({ url: 'redis://127.0.0.1:6379' });
    expect(consumerFromEnvironment({}).consumer).toMatch(/^[A-Za-z0-9._:-]{1,64}$/);
  });

  it.each([
    [{ DISTRIBUTARY_CONSUMER: 'a b' }, /"a b" cannot be the name of a consumer/],
    [{ DISTRIBUTARY_CLAIM_IDLE_MS: '5s' }, /DISTRIBUTARY_CLAIM_IDLE_MS is "5s"\. Give whole milliseconds/],
    [{ DISTRIBUTARY_CLAIM_IDLE_MS: '50' }, /at least 100/],
  ])('is refused with the variable named: %o', (environment, message) => {
    expect(() => consumerFromEnvironment(environment)).toThrow(OptionsError);
    expect(() => consumerFromEnvironment(environment)).toThrow(message);
  });
});
