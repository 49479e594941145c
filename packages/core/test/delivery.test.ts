import {
  type DeliveryResult,
  delivered,
  Entry,
  type EntryId,
  eventIdentity,
  readDeadLetter,
  rejected,
  retry,
} from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confirmAll, TestSink } from './test-sink.ts';
import { GROUP, TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

async function deadLettersOf(stream: TestStream) {
  const rows = (await stream.call('XRANGE', stream.deadLetters, '-', '+')) as [Buffer, Buffer[]][];
  return rows.map(([id, parts]) => readDeadLetter(new Entry(String(id) as EntryId, parts)));
}

describe('a consumer', () => {
  it('delivers every entry once, in the order of the stream, and acknowledges it', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(2_000);
    const sink = new TestSink();
    await stream.consumer(sink).start();
    await until(() => sink.confirmed.length >= 1_000);
    const late = await stream.addMany(10);
    await until(async () => sink.confirmed.length >= 2_010 && (await stream.pending()) === 0);
    expect(sink.confirmed).toEqual([...ids, ...late]);
    expect(sink.mostAtOnce).toBe(1);
    expect(await stream.status()).toMatchObject({ lagEntries: 0, lagMs: 0, lost: 0, deadLetters: 0 });
  });

  it('hands the sink the very bytes that were added', async () => {
    await using stream = new TestStream(redis);
    const fields = ['b', Buffer.from([0xff, 0, 10, 13]), 'a', '', 'b', 'again', '__proto__', 'x', '', 'nameless'];
    await stream.add(...fields);
    let seen: Buffer[] = [];
    const sink = new TestSink(async (batch) => {
      seen = batch.flatMap(({ entry }) => [...entry.fields()].flat());
      return batch.map(({ id }) => delivered(id));
    });
    await stream.consumer(sink).start();
    await until(() => sink.confirmed.length === 1);
    expect(Buffer.concat(seen)).toEqual(Buffer.concat(fields.map((field) => Buffer.from(field))));
    expect(seen.length).toBe(fields.length);
  });

  it('acknowledges nothing before its sink confirmed it', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(10);
    const answer = Promise.withResolvers<void>();
    const sink = new TestSink(async (batch) => {
      await answer.promise;
      return batch.map(({ id }) => delivered(id));
    });
    await stream.consumer(sink, { batch: { maxEntries: 3, lingerMs: 0 } }).start();
    await until(async () => (await stream.pending()) === 10);
    expect(sink.confirmed).toEqual([]);
    answer.resolve();
    await until(async () => (await stream.pending()) === 0);
    expect(sink.confirmed).toEqual(ids);
  });

  it('delivers again only the entries that the sink asked for again, and not before the time it named', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(4);
    const times: number[] = [];
    const sink = new TestSink(async (batch): Promise<DeliveryResult[]> => {
      times.push(performance.now());
      if (times.length > 2) return batch.map(({ id }) => delivered(id));
      return batch.map(({ id }) => (id === ids[1] ? retry(id, new Error('busy'), 300) : delivered(id)));
    });
    const consumer = stream.consumer(sink);
    await stream.readBy('a', 10);
    await consumer.start();
    await until(() => times.length === 2);
    expect(await stream.pending()).toBe(1);
    await until(async () => (await stream.pending()) === 0);
    expect(sink.batches).toEqual([ids, [ids[1]], [ids[1]]]);
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(290);
    expect(consumer.reported('retried')).toMatchObject([{ count: 1 }, { count: 1 }]);
    expect(consumer.reported('delivered').map(({ count }) => count)).toEqual([3, 1]);
  });

  it('sets aside what the sink rejects, cannot be decoded or violates the schema, and delivers the rest', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(6, (i) => (i === 3 ? '{"n":"secret"}' : i === 2 ? 'no json' : `{"n":${i}}`));
    const big = await stream.add('line', 'x'.repeat(2_000));
    const sink = new TestSink(async (batch) =>
      batch.map(({ id }) => (id === ids[1] ? rejected(id, new Error('mapper_parsing')) : delivered(id))),
    );
    const consumer = stream.consumer(sink, {
      decode: (entry) => JSON.parse(entry.text('line') ?? ''),
      payloadSchema: { type: 'object', properties: { n: { type: 'integer' } } },
      entry: { maxBytes: 1_000 },
    });
    await consumer.start();
    await until(async () => (await deadLettersOf(stream)).length === 4 && (await stream.pending()) === 0);
    expect(sink.confirmed).toEqual([ids[0], ids[4], ids[5]]);
    const letters = new Map((await deadLettersOf(stream)).map((letter) => [letter.envelope.entryId, letter]));
    const verdicts = [ids[1], ids[2], ids[3], big].map((id) => letters.get(id as EntryId)?.envelope.verdict);
    expect(verdicts).toEqual(['rejected', 'undecodable', 'undecodable', 'oversize']);
    expect(letters.get(ids[1] as EntryId)?.envelope).toMatchObject({
      reason: 'mapper_parsing',
      group: GROUP,
      consumer: 'a',
      stream: stream.name,
      attempts: 1,
    });
    expect(letters.get(ids[3] as EntryId)?.envelope.reason).toMatch(/\/n must be integer/);
    expect(letters.get(ids[3] as EntryId)?.envelope.reason).not.toContain('secret');
    expect(letters.get(ids[2] as EntryId)?.entry.text('line')).toBe('no json');
    expect(consumer.reported('deadLettered').length).toBe(4);
  });

  it('keeps every field of a dead letter byte for byte, with who gave it up, when and after how many tries', async () => {
    await using stream = new TestStream(redis);
    const fields = ['b', Buffer.from([0xff, 0, 10, 13]), 'a', '', 'b', 'again', 'distributary', '{}', '', 'nameless'];
    const id = await stream.add(...fields);
    let tries = 0;
    const sink = new TestSink(async (batch) =>
      batch.map((item) => (++tries < 3 ? retry(item.id, new Error('busy')) : rejected(item.id, new Error('too old')))),
    );
    const startedAt = Date.now();
    await stream.consumer(sink).start();
    const [letter] = await until(async () => {
      const letters = await deadLettersOf(stream);
      return letters.length > 0 && letters;
    });
    const parts = [...(letter?.entry.fields() ?? [])].flat();
    expect(parts).toEqual(fields.map((field) => Buffer.from(field)));
    const { addedAt, setAsideAt, ...envelope } = letter?.envelope ?? {};
    const who = { stream: stream.name, group: GROUP, consumer: 'a' };
    const identity = eventIdentity(new Entry(id, parts));
    expect(envelope).toEqual({ entryId: id, identity, ...who, verdict: 'rejected', reason: 'too old', attempts: 3 });
    expect(new Date(addedAt ?? '').getTime()).toBe(Number.parseInt(id, 10));
    expect(new Date(setAsideAt ?? '').getTime()).toBeGreaterThanOrEqual(startedAt);
    expect(await stream.pending()).toBe(0);
  });

  it('keeps an entry pending while its dead letter cannot be stored, and lets the others flow', async () => {
    await using stream = new TestStream(redis);
    await stream.call('SET', stream.deadLetters, 'not a stream');
    const [poison, ...rest] = await stream.addMany(5);
    const sink = new TestSink(async (batch) =>
      batch.map(({ id }) => (id === poison ? rejected(id, new Error('never')) : delivered(id))),
    );
    const consumer = stream.consumer(sink);
    await consumer.start();
    await until(() => consumer.reported('deadLetterFailed').length > 0);
    await until(() => sink.confirmed.length === rest.length);
    const summary = async () => (await stream.call('XPENDING', stream.name, GROUP)) as [number, Buffer];
    await until(async () => Number((await summary())[0]) === 1);
    expect(String((await summary())[1])).toBe(poison);
    expect(consumer.reported('deadLetterFailed').length).toBe(1);
    expect(consumer.reported('deadLetterFailed')[0]?.reason.message).toMatch(/WRONGTYPE/);
    await stream.call('DEL', stream.deadLetters);
    await until(async () => (await deadLettersOf(stream)).length === 1 && (await stream.pending()) === 0);
    expect(consumer.reported('deadLettered')).toMatchObject([{ id: poison, verdict: 'rejected' }]);
  });

  it('ends loudly, with nothing acknowledged, when the sink forgets an entry', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(5);
    const sink = new TestSink(async (batch) => batch.slice(1).map(({ id }) => delivered(id)));
    const consumer = stream.consumer(sink, { batch: { maxEntries: 5, lingerMs: 100 } });
    await consumer.start();
    await expect(consumer.finished).rejects.toThrow(/no result for entry/);
    expect(consumer.state).toBe('stopped');
    expect(await stream.pending()).toBe(5);
    expect(sink.closed).toBe(1);
  });

  it('ends loudly, having asked once, when the sink returns nothing', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(5);
    let asked = 0;
    const sink = { name: 'forgetful', deliver: async () => void asked++ };
    const consumer = stream.consumer(sink as never, { batch: { maxEntries: 5, lingerMs: 100 } });
    await consumer.start();
    await expect(consumer.finished).rejects.toThrow(/no result for 5 entries/);
    expect(asked).toBe(1);
    expect(await stream.pending()).toBe(5);
  });

  it('ends loudly, and sets nothing aside, when decode is asynchronous', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(5);
    const decode = async () => {
      throw new Error('nobody waits for this');
    };
    const consumer = stream.consumer(new TestSink(), { decode: decode as never });
    await consumer.start();
    await expect(consumer.finished).rejects.toThrow(/decode returned a promise.*sink/);
    expect(await stream.status()).toMatchObject({ deadLetters: 0 });
  });

  it('ends loudly when a listener throws', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(3);
    const consumer = stream.consumer(new TestSink());
    consumer.on('delivered', () => {
      throw new Error('listener');
    });
    await consumer.start();
    await expect(consumer.finished).rejects.toThrow('listener');
    expect(consumer.events.filter(({ name }) => name === 'stateChanged').length).toBe(3);
  });

  it('gathers entries that trickle in into one batch', async () => {
    await using stream = new TestStream(redis);
    const sink = new TestSink();
    const consumer = stream.consumer(sink, { batch: { lingerMs: 1_000 } });
    await consumer.start();
    await stream.addMany(2);
    await stream.addMany(2);
    await until(() => sink.confirmed.length === 4);
    expect(sink.batches.length).toBe(1);
  });

  it('closes a batch as soon as it is full, however long it may linger', async () => {
    await using stream = new TestStream(redis);
    const sink = new TestSink();
    await stream.consumer(sink, { batch: { maxEntries: 4, lingerMs: 10_000 } }).start();
    await stream.addMany(1);
    await until(async () => (await stream.pending()) === 1);
    await stream.addMany(3);
    await until(() => sink.confirmed.length === 4, { timeoutMs: 5_000 });
    expect(sink.batches.length).toBe(1);
  });

  it('puts no more than batch.maxBytes into a batch, and fills it', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(60, () => 'x'.repeat(596));
    const sink = new TestSink();
    await stream.consumer(sink, { batch: { maxBytes: 2_000, lingerMs: 0 } }).start();
    await until(() => sink.confirmed.length === 60);
    expect(sink.confirmed).toEqual(ids);
    expect(Math.max(...sink.batches.map((batch) => batch.length))).toBe(3);
  });

  it.each([1, 4])('delivers up to delivery.concurrency batches at once (%i)', async (concurrency) => {
    await using stream = new TestStream(redis);
    await stream.addMany(40);
    const gate = Promise.withResolvers<void>();
    const sink = new TestSink(async (batch) => {
      await gate.promise;
      return batch.map(({ id }) => delivered(id));
    });
    const consumer = stream.consumer(sink, { delivery: { concurrency }, batch: { maxEntries: 4, lingerMs: 0 } });
    await consumer.start();
    await until(() => consumer.inHand.entries === 40);
    expect(sink.mostAtOnce).toBe(concurrency);
    gate.resolve();
    await until(async () => (await stream.pending()) === 0);
    expect(sink.confirmed.length).toBe(40);
    expect(consumer.inHand).toEqual({ entries: 0, bytes: 0 });
  });

  it('reads no further than readAhead allows, in entries and in bytes', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(100);
    const never = new TestSink((_, signal) => new Promise((_, reject) => signal.addEventListener('abort', reject)));
    const few = stream.consumer(never, { readAhead: { maxEntries: 7 }, batch: { maxEntries: 3, lingerMs: 0 } });
    await few.start();
    await until(() => few.inHand.entries === 7);
    expect(await stream.pending()).toBe(7);
    await few.stop({ timeoutMs: 500 });
    expect(await stream.pending()).toBe(7);
  });

  it('holds few large entries at once', async () => {
    await using stream = new TestStream(redis);
    for (let i = 0; i < 12; i++) await stream.add('line', Buffer.alloc(10_000_000, i));
    let most = 0;
    const sink = new TestSink(async (batch) => {
      most = Math.max(most, consumer.inHand.bytes);
      return batch.map(({ id }) => delivered(id));
    });
    const consumer = stream.consumer(sink);
    await consumer.start();
    await until(async () => sink.confirmed.length === 12 && (await stream.pending()) === 0);
    expect(most).toBeLessThanOrEqual(64 * 1024 * 1024);
    await stream.call('DEL', stream.name);
  });

  it('holds the bytes of a large entry and no more, whatever the parser of replies has allocated', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(4, () => Buffer.alloc(1024 * 1024, 'x'));
    const held: number[] = [];
    const sink = new TestSink(async (batch) => {
      for (const { payload } of batch) held.push(payload.bytes('line')?.buffer.byteLength ?? 0);
      return confirmAll(batch);
    });
    await stream.consumer(sink).start();
    await until(() => held.length === 4);
    expect(held).toEqual(Array.from({ length: 4 }, () => 1024 * 1024));
  });
});

describeWithRedisProcess('an entry with more fields than a call can have arguments', () => {
  it('can be set aside', async () => {
    await using stream = new TestStream(redis);
    const fields = Array.from({ length: 300_000 }, () => 'x');
    await stream.redis.callBlocking(0, 'XADD', [stream.name, '*', ...fields]);
    const sink = new TestSink(async (batch) => batch.map(({ id }) => rejected(id, new Error('no'))));
    const consumer = stream.consumer(sink);
    await consumer.start();
    await until(() => consumer.reported('deadLettered').length === 1);
    expect(consumer.reported('deadLetterFailed')).toEqual([]);
    expect([...((await deadLettersOf(stream))[0]?.entry.fields() ?? [])].length).toBe(150_000);
  });
});
