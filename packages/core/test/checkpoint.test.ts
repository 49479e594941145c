import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  delivered,
  type Entry,
  type EntryId,
  groupKey,
  rejected,
  retry,
  type StreamConsumerOptions,
} from '@distributary/core';
import {
  describeWithRedisProcess,
  type RedisFixture,
  redisCapability,
  startRedis,
  temporaryFolder,
  until,
} from '@distributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { finishedUpTo } from '../src/checkpoint.ts';
import { TestSink } from './test-sink.ts';
import { GROUP, type TestConsumer, TestStream } from './test-stream.ts';

const OFTEN = { everyMs: 100 };

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis({ requireProcess: redisCapability().serverBin !== undefined });
});
afterAll(() => redis[Symbol.asyncDispose]());

function keyOf(stream: TestStream): string {
  return groupKey(stream.name, GROUP, 'checkpoint');
}

async function atCheckpoint(stream: TestStream, id: EntryId | undefined): Promise<void> {
  await until(async () => (await stream.status()).checkpoint?.id === id, { describe: `the checkpoint to be at ${id}` });
}

/** A consumer that has delivered so many entries, and whose checkpoint says so. */
async function settled(
  stream: TestStream,
  entries: number,
  options: Partial<StreamConsumerOptions<Entry>> = {},
): Promise<{ consumer: TestConsumer; sink: TestSink; ids: EntryId[] }> {
  const sink = new TestSink();
  const consumer = stream.consumer(sink, { checkpoint: OFTEN, ...options });
  await consumer.start();
  const ids = await stream.addMany(entries);
  await atCheckpoint(stream, ids.at(-1));
  return { consumer, sink, ids };
}

function destroy(stream: TestStream): Promise<unknown> {
  return stream.call('XGROUP', 'DESTROY', stream.name, GROUP);
}

describeWithRedisProcess('a group that vanishes', () => {
  it.concurrent('resumes at its checkpoint after XGROUP DESTROY, reports it, and delivers nothing twice', async () => {
    await using stream = new TestStream(redis);
    const { consumer, sink, ids } = await settled(stream, 500);
    expect((await stream.status()).checkpoint).toMatchObject({ entries: 500, deadLetters: 0, streamEnd: ids.at(-1) });
    await destroy(stream);
    await until(() => consumer.reported('groupRecreated').length === 1);
    expect(consumer.reported('groupRecreated')).toMatchObject([{ startFrom: ids.at(-1), again: null, gap: null }]);
    const more = await stream.addMany(10);
    await until(() => sink.confirmed.length >= 510);
    expect(sink.confirmed).toEqual([...ids, ...more]);
    const { recreated } = await stream.status();
    expect(recreated).toMatchObject({
      startFrom: ids.at(-1),
      again: null,
      gap: null,
      at: expect.stringMatching(/^20/),
    });
  });

  it.concurrent('resumes there although every consumer was away meanwhile and would begin a new group now', async () => {
    await using stream = new TestStream(redis);
    const { consumer, ids } = await settled(stream, 5, { startFrom: 'now' });
    await consumer.stop();
    await destroy(stream);
    const more = await stream.addMany(3);
    const sink = new TestSink();
    const next = stream.consumer(sink, { startFrom: 'now' });
    await next.start();
    await until(() => sink.confirmed.length >= 3);
    expect(sink.confirmed).toEqual(more);
    expect(next.reported('groupCreated')).toEqual([]);
    expect(next.reported('groupRecreated')).toMatchObject([
      { startFrom: ids.at(-1), again: { after: ids.at(-1), upTo: more.at(-1) }, gap: null },
    ]);
  });

  it.concurrent('resumes before the oldest entry that it had not finished', async () => {
    await using stream = new TestStream(redis);
    let held: EntryId | undefined;
    const sink = new TestSink(async (batch) =>
      batch.map(({ id }) => (id === held ? retry(id, new Error('not yet')) : delivered(id))),
    );
    const consumer = stream.consumer(sink, { checkpoint: OFTEN });
    const ids = await stream.addMany(20);
    held = ids[7];
    await consumer.start();
    await until(async () => (await stream.status()).checkpoint?.streamEnd === ids[19]);
    await atCheckpoint(stream, ids[6]);
    await destroy(stream);
    await until(() => consumer.reported('groupRecreated').length === 1);
    held = undefined;
    await until(async () => (await stream.pending()) === 0 && consumer.inHand.entries === 0);
    expect(new Set(sink.confirmed)).toEqual(new Set(ids));
    expect(sink.confirmed.filter((id) => ids.indexOf(id) < 7)).toEqual(ids.slice(0, 7));
    expect(consumer.reported('groupRecreated')).toMatchObject([{ again: { after: ids[6], upTo: ids[19] } }]);
  });

  it.concurrent('begins at the beginning of another stream, whose entries have the same IDs', async () => {
    await using stream = new TestStream(redis);
    const { consumer, sink, ids } = await settled(stream, 5);
    // As a server does whose clock is behind.
    const again = ids.map((id): [string, ...string[]] => ['XADD', stream.name, id, 'line', `another ${id}`]);
    await stream.redis.transaction([['DEL', stream.name], ...again]);
    await until(() => sink.confirmed.length >= 10);
    expect(sink.confirmed).toEqual([...ids, ...ids]);
    expect(consumer.reported('groupRecreated')).toMatchObject([
      { startFrom: 'beginning', gap: { after: ids.at(-1), before: null } },
    ]);
  });

  it.concurrent('begins at the beginning when the entry of the checkpoint was trimmed, and says from where to where', async () => {
    await using stream = new TestStream(redis);
    const { consumer, sink, ids } = await settled(stream, 5);
    await consumer.stop();
    await stream.call('XTRIM', stream.name, 'MAXLEN', 0);
    await destroy(stream);
    const more = await stream.addMany(3);
    const next = stream.consumer(sink);
    await next.start();
    await until(() => sink.confirmed.length >= 8);
    expect(sink.confirmed).toEqual([...ids, ...more]);
    expect(next.reported('groupRecreated')).toMatchObject([
      { startFrom: 'beginning', gap: { after: ids.at(-1), before: more[0] }, again: { upTo: more.at(-1) } },
    ]);
  });

  it.concurrent('is known from its file after FLUSHALL: nothing that was added since is passed over', async () => {
    await using own = await startRedis({ requireProcess: true });
    await using stream = new TestStream(own);
    await using folder = await temporaryFolder();
    const checkpoint = { ...OFTEN, folder: join(folder.path, 'made', 'here') };
    const { consumer, ids } = await settled(stream, 5, { checkpoint });
    await consumer.stop();
    await stream.call('FLUSHALL');
    const more = await stream.addMany(3);
    const sink = new TestSink();
    const next = stream.consumer(sink, { startFrom: 'now', checkpoint });
    await next.start();
    await until(() => sink.confirmed.length >= 3);
    expect(sink.confirmed).toEqual(more);
    expect(next.reported('groupRecreated')).toMatchObject([
      { startFrom: 'beginning', gap: { after: ids.at(-1), before: more[0] } },
    ]);
    expect(await readdir(checkpoint.folder)).toEqual([`${stream.name}.${GROUP}.checkpoint.json`]);
  });

  it.concurrent('begins at the beginning when dead letters of before are gone', async () => {
    await using stream = new TestStream(redis);
    await using folder = await temporaryFolder();
    const checkpoint = { ...OFTEN, folder: folder.path };
    const sink = new TestSink(async (batch) => batch.map(({ id }) => rejected(id, new Error('no'))));
    const consumer = stream.consumer(sink, { checkpoint });
    await consumer.start();
    const [first] = await stream.addMany(1);
    await atCheckpoint(stream, first);
    await consumer.stop();
    await destroy(stream);
    await stream.call('DEL', keyOf(stream), stream.deadLetters);
    const next = stream.consumer(sink, { checkpoint });
    await next.start();
    await until(async () => (await stream.status()).deadLetters === 1);
    expect(next.reported('groupRecreated')).toMatchObject([{ startFrom: 'beginning', gap: null }]);
  });

  it.concurrent('comes from a backup: what comes again, and what is gone, is reported with its IDs', async () => {
    await using stream = new TestStream(redis);
    const { consumer, sink, ids } = await settled(stream, 5);
    const backup = (await stream.call('DUMP', stream.name)) as Buffer;
    const lost = await stream.addMany(5);
    await atCheckpoint(stream, lost.at(-1));
    await stream.call('RESTORE', stream.name, 0, backup, 'REPLACE');
    await until(() => consumer.reported('groupSetBack').length === 1);
    expect(consumer.reported('groupSetBack')).toEqual([
      {
        startFrom: ids.at(-1),
        again: { after: ids.at(-1), upTo: lost.at(-1) },
        gap: { after: ids.at(-1), before: null },
      },
    ]);
    await until(async () => (await stream.status()).recreated?.startFrom === ids.at(-1));
    const more = await stream.addMany(2);
    await until(() => sink.confirmed.length >= 12);
    expect(sink.confirmed).toEqual([...ids, ...lost, ...more]);
    await atCheckpoint(stream, more.at(-1));
  });

  it.concurrent('resumes in a stream whose tail is lost as far as the checkpoint is still in it', async () => {
    await using stream = new TestStream(redis);
    const { consumer, ids } = await settled(stream, 5);
    await consumer.stop();
    const tail = await stream.addMany(2);
    const checkpoint = JSON.parse(String(await stream.call('HGET', keyOf(stream), 'checkpoint')));
    await stream.call(
      'HSET',
      keyOf(stream),
      'checkpoint',
      JSON.stringify({ ...checkpoint, streamEnd: '9999999999999-9' }),
    );
    await destroy(stream);
    const sink = new TestSink();
    const next = stream.consumer(sink);
    await next.start();
    await until(() => sink.confirmed.length === 2);
    expect(next.reported('groupRecreated')).toMatchObject([
      { startFrom: ids.at(-1), gap: { after: tail.at(-1), before: null } },
    ]);
  });

  it.concurrent('is created once by two consumers, and neither loses an entry', async () => {
    await using stream = new TestStream(redis);
    const { consumer, sink, ids } = await settled(stream, 50);
    const other = stream.consumer(sink, { consumer: 'b', checkpoint: OFTEN });
    await other.start();
    await destroy(stream);
    const more = await stream.addMany(50);
    await until(() => new Set(sink.confirmed).size === 100);
    expect(new Set(sink.confirmed)).toEqual(new Set([...ids, ...more]));
    expect([...consumer.reported('groupRecreated'), ...other.reported('groupRecreated')].length).toBe(1);
  });
});

describeWithRedisProcess('trouble with a checkpoint', () => {
  it.concurrent('is reported once with its remedy, holds up nothing, and makes the group begin at the beginning', async () => {
    await using stream = new TestStream(redis);
    const user = `user-${stream.name}`;
    await stream.call('ACL', 'SETUSER', user, 'on', 'nopass', '~*', '+@all', '-xrevrange');
    const sink = new TestSink();
    const url = redis.url.replace('//', `//${user}:x@`);
    const consumer = stream.consumer(sink, { redis: { url }, checkpoint: OFTEN });
    await consumer.start();
    const ids = await stream.addMany(5);
    await until(() => consumer.reported('checkpointFailed').length > 0);
    expect(consumer.reported('checkpointFailed')[0]?.reason.message).toMatch(/NOPERM.*xrevrange.*ACL SETUSER/);
    await until(() => sink.confirmed.length === 5);
    await destroy(stream);
    await until(() => sink.confirmed.length === 10);
    expect(sink.confirmed).toEqual([...ids, ...ids]);
    expect(consumer.reported('checkpointFailed').length).toBeLessThanOrEqual(2);
    expect(consumer.reported('redisUnavailable')).toEqual([]);
    await consumer.stop();
    await stream.call('ACL', 'DELUSER', user);
  });

  it.concurrent('is no reason to move a group that cannot be moved', async () => {
    await using stream = new TestStream(redis);
    const { consumer, ids } = await settled(stream, 5);
    await consumer.stop();
    const user = `user-${stream.name}`;
    await stream.call('ACL', 'SETUSER', user, 'on', 'nopass', '~*', '+@all', '-xgroup|setid');
    await destroy(stream);
    const sink = new TestSink();
    const next = stream.consumer(sink, { redis: { url: redis.url.replace('//', `//${user}:x@`) } });
    await next.start();
    await until(() => sink.confirmed.length === 5);
    expect(sink.confirmed).toEqual(ids);
    expect(next.reported('groupRecreated')).toMatchObject([{ startFrom: 'beginning' }]);
    expect(next.reported('checkpointFailed')[0]?.reason.message).toMatch(/setid/);
    await next.stop();
    await stream.call('ACL', 'DELUSER', user);
  });

  it.concurrent('that cannot be read is doubt, and in doubt a group begins at the beginning', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(3);
    await stream.call('HSET', keyOf(stream), 'checkpoint', '{"id":');
    const sink = new TestSink();
    const consumer = stream.consumer(sink, { startFrom: 'now', checkpoint: OFTEN });
    await consumer.start();
    await until(() => sink.confirmed.length === 3);
    expect(sink.confirmed).toEqual(ids);
    expect(consumer.reported('checkpointFailed')[0]?.reason.message).toMatch(/cannot be read.*Delete it/);
    await atCheckpoint(stream, ids.at(-1));
  });

  it.concurrent('on the disk leaves the one in Redis, and delivering, alone', async () => {
    await using stream = new TestStream(redis);
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'a-file');
    await writeFile(file, '');
    const { consumer, sink, ids } = await settled(stream, 3, { checkpoint: { ...OFTEN, folder: file } });
    await until(() => consumer.reported('checkpointFailed').length > 0);
    expect(consumer.reported('checkpointFailed')[0]?.reason.message).toContain(file);
    expect(sink.confirmed).toEqual(ids);
  });
});

describeWithRedisProcess('a consumer that stops', () => {
  it.concurrent('writes its checkpoint, and is not held up by a Redis that does not take it', async () => {
    await using own = await startRedis({ requireProcess: true });
    await using stream = new TestStream(own);
    const sink = new TestSink();
    const consumer = stream.consumer(sink);
    await consumer.start();
    const ids = await stream.addMany(3);
    await until(() => sink.confirmed.length === 3);
    await consumer.stop();
    expect((await stream.status()).checkpoint?.id).toBe(ids.at(-1));
    const next = stream.consumer(sink);
    await next.start();
    await own.pause();
    const stopped = next.stop({ timeoutMs: 2_000 });
    await stopped;
    await own.resume();
    expect(next.state).toBe('stopped');
  });
});

it.each([
  ['5-3', undefined, '5-3'],
  ['5-3', '5-2', '5-1'],
  ['5-3', '5-0', '4-18446744073709551615'],
  ['5-3', '9-1', '5-3'],
  ['5-3', '0-1', '0-0'],
] as const)('a group at %s with %s pending is done up to %s', (lastDelivered, oldestPending, expected) => {
  expect(finishedUpTo({ lastDelivered, oldestPending, pending: 1, entriesRead: undefined })).toBe(expected);
});
