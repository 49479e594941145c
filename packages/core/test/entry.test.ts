import { inspect } from 'node:util';
import {
  Backoff,
  checkName,
  compareEntryIds,
  type DeliveryResult,
  delivered,
  describeRedis,
  Entry,
  type EntryId,
  eventId,
  eventIdentity,
  groupKey,
  OptionsError,
  RedisConnection,
  rejected,
  retry,
  Secret,
  StreamConsumer,
  secretFrom,
  settle,
  systemClock,
} from '@distributary/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestSink } from './test-sink.ts';

describe('an entry', () => {
  const bytes = (...texts: string[]) => texts.map((text) => Buffer.from(text));

  it('gives the first value of a name, whatever the alphabet', () => {
    const entry = new Entry('7-1', [...bytes('a', '1', 'a', '2', 'é', '3'), Buffer.from([0xe9]), Buffer.from('4')]);
    expect(entry.text('a')).toBe('1');
    expect(entry.text('é')).toBe('3');
    expect(entry.bytes('b')).toBeUndefined();
    expect(entry.byteLength).toBe(9);
    expect(entry.timestamp).toBe(7);
    expect([...entry.fields()].length).toBe(4);
  });

  it('finds no field by bytes that are not its name', () => {
    expect(new Entry('1-0', [Buffer.from([0xe9]), Buffer.from('x')]).text('é')).toBeUndefined();
    expect(new Entry('1-0', [Buffer.from([0xff]), Buffer.from('x')]).text('\ufffd')).toBeUndefined();
  });
});

describe('entry IDs', () => {
  const part = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

  it('are ordered as the numbers they are, beyond what a JavaScript number can hold', () => {
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        const expected = a === c ? (b < d ? -1 : b > d ? 1 : 0) : a < c ? -1 : 1;
        expect(Math.sign(compareEntryIds(`${a}-${b}` as EntryId, `${c}-${d}` as EntryId))).toBe(expected);
      }),
    );
  });
});

describe('settling', () => {
  it('gives every entry exactly one fate, whatever the order of the results', () => {
    const status = fc.constantFrom('delivered', 'retry', 'rejected');
    fc.assert(
      fc.property(fc.array(status, { maxLength: 40 }), fc.func(fc.integer()), (statuses, rank) => {
        const batch = statuses.map((_, i) => ({ id: `${i}-0` as EntryId, entry: new Entry('1-0', []), payload: i }));
        const results = batch.map(({ id }, i): DeliveryResult => {
          if (statuses[i] === 'delivered') return delivered(id);
          return statuses[i] === 'retry' ? retry(id, new Error('r')) : rejected(id, new Error('x'));
        });
        const settlement = settle(
          batch,
          results.toSorted((a, b) => rank(a.id) - rank(b.id)),
        );
        const ids = (wanted: string) => batch.filter((_, i) => statuses[i] === wanted).map(({ id }) => id);
        expect(settlement.delivered).toEqual(ids('delivered'));
        expect(settlement.retried.map(({ item }) => item.id)).toEqual(ids('retry'));
        expect(settlement.rejected.map(({ item }) => item.id)).toEqual(ids('rejected'));
      }),
    );
  });
});

describe("an event's identity", () => {
  const entry = (...parts: string[]) =>
    new Entry(
      '5-1',
      parts.map((text) => Buffer.from(text)),
    );

  it("is the producer's eid where there is a usable one", () => {
    expect(eventIdentity(entry('line', 'x', 'eid', 'ship.1.2'))).toBe('ship.1.2');
    for (const eid of ['', 'x'.repeat(513)]) expect(eventId(entry('eid', eid))).toBeUndefined();
    expect(eventId(new Entry('5-1', [Buffer.from('eid'), Buffer.from([0xff])]))).toBeUndefined();
  });

  it('is otherwise the same for the same bytes and differs when the ID is given to other bytes', () => {
    expect(eventIdentity(entry('line', 'x'))).toBe(eventIdentity(entry('line', 'x')));
    expect(eventIdentity(entry('line', 'x'))).not.toBe(eventIdentity(entry('line', 'y')));
    expect(eventIdentity(entry('a', 'bc', 'd', ''))).not.toBe(eventIdentity(entry('a', 'b', 'cd', '')));
    expect(eventIdentity(entry('line', 'x'))).toMatch(/^5-1-[0-9a-f]{16}$/);
    expect(eventIdentity(entry())).toMatch(/^5-1-[0-9a-f]{16}$/);
  });
});

describe('a secret', () => {
  it('is shown by nothing that prints it', () => {
    const secret = new Secret('hunter2');
    const shown = [`${secret}`, JSON.stringify({ secret }), inspect(secret, { showHidden: true, depth: 9 })];
    for (const text of shown) expect(text).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });

  it('is refused with its place named, never its value', () => {
    expect(secretFrom({ T: 'abc\n' }, 'T')?.reveal()).toBe('abc');
    expect(secretFrom({}, 'T')).toBeUndefined();
    expect(() => secretFrom({ T: 'hun\r\nter2' }, 'T')).toThrow(/^T holds a control character/);
    expect(() => secretFrom({ T_FILE: '/no/such/file' }, 'T')).toThrow(/T_FILE names \/no\/such\/file.*ENOENT/);
  });
});

describe('a pause', () => {
  it('grows to its maximum and is never under a tenth of its ceiling', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (random) => {
        const backoff = new Backoff({ minMs: 100, maxMs: 2_000 }, { ...systemClock, random: () => random });
        const pauses = Array.from({ length: 8 }, () => backoff.nextMs());
        pauses.forEach((pause, i) => {
          const ceiling = Math.min(2_000, 100 * 2 ** i);
          expect(pause).toBeGreaterThanOrEqual(ceiling / 10);
          expect(pause).toBeLessThanOrEqual(ceiling);
        });
        backoff.reset();
        expect(backoff.nextMs()).toBe(pauses[0]);
      }),
    );
  });
});

describe('a Redis URL', () => {
  const connect = (url: string) => new RedisConnection({ url }, 'test');

  it.each([
    'redis://localhost',
    'redis://[::1]:7000/3',
    'rediss://user:p%40ss@redis.example:6380',
    'redis://:only-a-password@10.0.0.1',
    'redis+sentinel://s1:26379,s2/mymaster/1',
    'rediss+sentinel://user@s1/mymaster',
  ])('may be %s', (url) => {
    expect(() => connect(url)).not.toThrow();
  });

  it.each([
    'localhost:6379',
    'http://localhost',
    'redis://h:99999',
    'redis://h/x',
    'redis://h/-1',
    'redis://h/1/2',
    'redis://a,b',
    'redis+sentinel://s1',
    'redis://u:s3cret%zz@h',
    'redis://u:s3c/ret@h',
    'redis://u:s3c@ret@h',
  ])('is refused without being shown when it is %s', (url) => {
    expect(() => connect(url)).toThrow(OptionsError);
    expect(() => connect(url)).not.toThrow(/s3c|ret@/);
  });

  it('is described without its credentials', () => {
    expect(describeRedis({ url: 'redis://user:pa@ss@host:1/2' })).toBe('redis://host:1/2');
  });
});

describe('options', () => {
  const consumer = (options: object) =>
    new StreamConsumer({ stream: 's', group: 'noc', consumer: 'a', sink: new TestSink(), ...options });

  it.each([
    [{ batch: { size: 5 } }, /there is no option "batch\.size" \(there are maxEntries, maxBytes, lingerMs\)/],
    [{ decoder: () => undefined }, /there is no option "decoder"/],
    [{ decoder: 5 }, /group "noc": there is no option "decoder" \(there are startFrom, batch,/],
    [{ delivery: { concurrency: 0 } }, /delivery\.concurrency must be >= 1, not 0/],
    [{ batch: { maxBytes: '5 MB' } }, /batch\.maxBytes must be integer, not "5 MB"/],
    [{ startFrom: '$' }, /startFrom must be equal to one of the allowed values \(beginning, now\), not "\$"/],
    [{ redis: { host: 'redis-1' } }, /no option "redis\.host".*belong in redis\.url/],
    [
      { batch: { maxEntries: 0 }, crash: { maxAlone: 0 } },
      /batch\.maxEntries must be >= 1.*crash\.maxAlone must be >= 1/,
    ],
    [{ claim: { idleMs: 1_000 } }, /claim\.idleMs \(1000\) must be at least twice claim\.renewMs/],
    [{ claim: { idleMs: 1e12 } }, /claim\.idleMs must be <= 86400000/],
    [
      { batch: { lingerMs: 5_000 }, claim: { idleMs: 4_000, renewMs: 1_000 } },
      /batch\.lingerMs \(5000\) must not exceed/,
    ],
    [{ readAhead: { maxEntries: 10 } }, /must hold at least one batch/],
    [{ group: 'no spaces' }, /"no spaces" cannot be the name of a group/],
    [{ group: undefined }, /cannot be the name of a group/],
    [{ consumer: 'STREAMS' }, /cannot be the name of a consumer/],
    [{ stream: '' }, /stream is empty/],
    [{ sink: {} }, /sink has no deliver method/],
    [{ payloadSchema: { type: 'objekt' } }, /payloadSchema is no JSON Schema/],
    [{ redis: { commandTimeoutMs: Number.NaN } }, /commandTimeoutMs is NaN/],
  ])('are refused with advice: %o', (options, message) => {
    expect(() => consumer(options)).toThrow(OptionsError);
    expect(() => consumer(options)).toThrow(message);
  });

  it('may all be left out', () => {
    expect(consumer({}).state).toBe('idle');
  });
});

describe("a group's own keys", () => {
  it("share the stream's hash slot, and are not another stream's", () => {
    expect(groupKey('syslog_stream', 'noc', 'dead-letters')).toBe('distributary:{syslog_stream}:noc:dead-letters');
    expect(groupKey('logs:{p1}', 'noc', 'alone')).toBe('distributary:logs:{p1}:noc:alone');
  });

  it('are made of names that cannot be mistaken for words of a command', () => {
    expect(checkName('group', 'noc_team.eu-1:a')).toBe('noc_team.eu-1:a');
    for (const name of ['', 'streams', 'a b', 'x'.repeat(65), 'ü']) expect(() => checkName('group', name)).toThrow();
  });
});
