import {
  consumerFromEnvironment,
  DeadLetterQuotaError,
  delivered,
  Entry,
  type EntryId,
  eventIdentity,
  groupKey,
  readDeadLetter,
  rejected,
  StreamConsumer,
} from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestSink } from './test-sink.ts';
import { GROUP, TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const MASK = [{ find: 'ipv4' }] as const;

async function entriesOf(stream: TestStream, key: string): Promise<Entry[]> {
  const rows = (await stream.call('XRANGE', key, '-', '+')) as [Buffer, Buffer[]][];
  return rows.map(([id, parts]) => new Entry(String(id) as EntryId, parts));
}

describe('a consumer with masks', () => {
  it('shows decode, sink, dead letters and events what is masked, and all of them the same event', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(4, (i) => `line ${i} from 10.1.2.${i}`);
    const big = await stream.add('line', `10.9.9.9 ${'x'.repeat(2_000)}`);
    const seen: Entry[] = [];
    const sink = new TestSink(async (batch) => {
      seen.push(...batch.map(({ entry }) => entry));
      return batch.map(({ id, entry }) =>
        id === ids[1] ? rejected(id, new Error(`no ${entry.text('line')}`)) : delivered(id),
      );
    });
    const consumer = stream.consumer(sink, {
      mask: MASK,
      entry: { maxBytes: 1_000 },
      decode: (entry) => {
        if (entry.id === ids[2]) throw new Error(`undecodable: ${entry.text('line')}`);
        return entry;
      },
    });
    await consumer.start();
    await until(async () => (await stream.status()).deadLetters === 3 && (await stream.pending()) === 0);
    const added = new Map((await entriesOf(stream, stream.name)).map((entry) => [entry.id, entry]));
    const letters = (await entriesOf(stream, stream.deadLetters)).map(readDeadLetter);
    expect(letters.map(({ envelope }) => envelope.entryId).sort()).toEqual([ids[1], ids[2], big].sort());
    for (const { entry, envelope } of letters) {
      expect(envelope.identity).toBe(eventIdentity(added.get(entry.id) as Entry));
      expect(eventIdentity(entry)).toBe(envelope.identity);
    }
    expect(seen.map((entry) => entry.text('line'))).toEqual(['line 0 from ***', 'line 1 from ***', 'line 3 from ***']);
    for (const entry of seen) expect(eventIdentity(entry)).toBe(eventIdentity(added.get(entry.id) as Entry));
    const stored = JSON.stringify(letters.map(({ envelope, entry }) => [envelope, ...[...entry.fields()].map(String)]));
    const told = JSON.stringify(consumer.events);
    for (const text of [stored, told]) expect(text).not.toMatch(/10\.\d+\.\d+\.\d+/);
    expect(told).toContain('no line 1 from ***');
  });
});

// The embedded Redis does not count how often an entry was read again.
describeWithRedisProcess('an entry that ended processes', () => {
  it('is masked by its team, too', async () => {
    await using stream = new TestStream(redis);
    const [id] = await stream.addMany(1, () => 'from 10.1.2.3');
    for (let reads = 0; reads < 4; reads++) {
      await stream.readBy('a', 1);
      await stream.call('XREADGROUP', 'GROUP', GROUP, 'a', 'COUNT', 1, 'STREAMS', stream.name, '0');
    }
    await stream.call('HSET', groupKey(stream.name, GROUP, 'alone'), id as EntryId, 2);
    const sink = new TestSink();
    await stream.consumer(sink, { mask: MASK }).start();
    await until(async () => (await stream.status()).deadLetters === 1);
    const [letter] = (await entriesOf(stream, stream.deadLetters)).map(readDeadLetter);
    expect(letter?.envelope).toMatchObject({ verdict: 'crashed', entryId: id });
    expect(letter?.entry.text('line')).toBe('from ***');
    expect(sink.batches).toEqual([]);
  });
});

describe('a consumer with a quota of dead letters', () => {
  it('holds what exceeds it, says once what to do, lets the rest flow, and goes on when there is room', async () => {
    await using stream = new TestStream(redis);
    const sink = new TestSink(async (batch) =>
      batch.map(({ id, entry }) =>
        entry.text('line')?.startsWith('bad') ? rejected(id, new Error('bad')) : delivered(id),
      ),
    );
    const consumer = stream.consumer(sink, { deadLetterQuota: 2, batch: { maxEntries: 1, lingerMs: 0 } });
    await consumer.start();
    await stream.addMany(4, (i) => `bad ${i}`);
    await until(() => consumer.reported('deadLettersHeld').length === 1);
    const good = await stream.addMany(20);
    await until(async () => sink.confirmed.length === 20 && (await stream.pending()) === 2);
    expect(sink.confirmed).toEqual(good);
    expect((await stream.status()).deadLetters).toBe(2);
    const [held] = consumer.reported('deadLettersHeld');
    expect(held?.reason).toBeInstanceOf(DeadLetterQuotaError);
    expect(held?.reason.message).toContain(`Group ${GROUP} of stream ${stream.name} has 2 dead letters`);
    expect(held?.remedy).toContain(`make room in ${stream.deadLetters}, or raise deadLetterQuota`);
    expect(consumer.reported('deadLetterFailed')).toEqual([]);

    await stream.call('XTRIM', stream.deadLetters, 'MAXLEN', 0);
    await until(async () => (await stream.pending()) === 0);
    expect((await stream.status()).deadLetters).toBe(2);
    expect(consumer.events.map(({ name }) => name).filter((name) => name.startsWith('deadLetters'))).toEqual([
      'deadLettersHeld',
      'deadLettersResumed',
    ]);
  });
});

describe("a consumer's environment", () => {
  const declared = {
    stream: 'syslog_stream',
    group: 'noc_team',
    startFrom: 'now',
    mask: [{ find: 'ipv4', replaceBy: 'pseudonym', text: '***' }],
    deadLetterQuota: 7,
  };
  const environment = {
    DISTRIBUTARY_CONTRACT: JSON.stringify(declared),
    DISTRIBUTARY_MASK_KEY: 'a key of at least 16',
  };
  const own = { stream: 'syslog_stream', group: 'noc_team', sink: new TestSink() };

  it('carries what the package declares to the consumer', async () => {
    await using consumer = new StreamConsumer({ ...consumerFromEnvironment(environment), ...own });
    expect(consumer.contract).toEqual(declared);
  });

  it('needs no contract', async () => {
    await using consumer = new StreamConsumer({ ...consumerFromEnvironment({}), ...own });
    expect(consumer.contract).toEqual({ stream: 'syslog_stream', group: 'noc_team', startFrom: 'beginning', mask: [] });
  });

  it.each([
    [{ ...environment, DISTRIBUTARY_CONTRACT: '{' }, 'DISTRIBUTARY_CONTRACT is no JSON'],
    [{ ...environment, DISTRIBUTARY_CONTRACT: '{"lag":1}' }, 'there is no option "lag"'],
    [{ ...environment, DISTRIBUTARY_MASK_KEY: '' }, 'Set DISTRIBUTARY_MASK_KEY_FILE or DISTRIBUTARY_MASK_KEY'],
  ])('is refused when it is wrong: %j', (wrong, says) => {
    expect(() => new StreamConsumer({ ...consumerFromEnvironment(wrong), ...own })).toThrow(says);
  });
});
