import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { delivered, groupKey } from '@distributary/core';
import { describeWithRedisProcess, endProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestSink } from './test-sink.ts';
import { GROUP, TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const children = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of children) await endProcess(child, 'SIGKILL');
});

/** A consumer as a process of its own; an entry `exit-in-decode` or `exit-in-deliver` ends it. */
function start(stream: TestStream, mode = 'deliver'): ChildProcess {
  const program = new URL('consumer-process.ts', import.meta.url);
  const child = fork(program, [redis.url, stream.name, GROUP, mode], {
    execArgv: ['--conditions=@distributary/source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function settled(stream: TestStream): Promise<boolean> {
  const { pending, lagEntries } = await stream.status();
  return pending === 0 && lagEntries === 0;
}

describeWithRedisProcess('an entry that ends the process', () => {
  it.each(['exit-in-decode', 'exit-in-deliver'])(
    'is set aside as crashed after it did so twice alone, and the rest is delivered (%s)',
    async (poison) => {
      await using stream = new TestStream(redis);
      await stream.addMany(5);
      const id = await stream.add('line', poison);
      await stream.addMany(5);
      await stream.call('XGROUP', 'CREATE', stream.name, GROUP, '0');
      let starts = 0;
      while (!(await settled(stream))) {
        expect(++starts).toBeLessThan(12);
        const child = start(stream);
        await Promise.race([once(child, 'exit'), until(() => settled(stream))]);
        await endProcess(child, 'SIGTERM');
      }
      const letters = (await stream.call('XRANGE', stream.deadLetters, '-', '+')) as [Buffer, Buffer[]][];
      expect(letters.length).toBe(1);
      const [, [, envelope, name, value] = []] = letters[0] ?? [];
      expect(JSON.parse(String(envelope))).toMatchObject({ entryId: id, verdict: 'crashed' });
      expect([name, value].map(String)).toEqual(['line', poison]);
      const received = ((await stream.call('LRANGE', `${stream.name}:received`, 0, -1)) as Buffer[]).map(String);
      expect(new Set(received).size).toBe(10);
      expect(await stream.call('EXISTS', groupKey(stream.name, GROUP, 'alone'))).toBe(0);
    },
  );
});

describeWithRedisProcess('an entry that never lets decode return', () => {
  it('is found by the watchdog, and set aside; the rest is delivered', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(2);
    const id = await stream.add('line', 'loop-in-decode');
    await stream.addMany(2);
    await stream.call('XGROUP', 'CREATE', stream.name, GROUP, '0');
    let starts = 0;
    while (!(await settled(stream))) {
      expect(++starts).toBeLessThan(12);
      const child = start(stream, 'watched');
      const exited = once(child, 'exit');
      await Promise.race([exited, until(() => settled(stream), { timeoutMs: 60_000 })]);
      if (child.signalCode !== null) expect(child.signalCode).toBe('SIGKILL');
      await endProcess(child, 'SIGTERM');
    }
    const letters = (await stream.call('XRANGE', stream.deadLetters, '-', '+')) as [Buffer, Buffer[]][];
    expect(letters.map(([, [, envelope]]) => JSON.parse(String(envelope)))).toMatchObject([
      { entryId: id, verdict: 'crashed' },
    ]);
    const received = ((await stream.call('LRANGE', `${stream.name}:received`, 0, -1)) as Buffer[]).map(String);
    expect(new Set(received).size).toBe(4);
  });

  it('is told from a process that was only suspended', async () => {
    await using stream = new TestStream(redis);
    const child = start(stream, 'watched');
    await stream.addMany(1);
    await until(() => settled(stream));
    child.kill('SIGSTOP');
    await sleep(2_500);
    child.kill('SIGCONT');
    await stream.addMany(1);
    await until(() => settled(stream));
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
    await endProcess(child, 'SIGTERM');
  });
});

describeWithRedisProcess('an innocent entry', () => {
  it('is not set aside however often its consumers are killed', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(20);
    await stream.call('XGROUP', 'CREATE', stream.name, GROUP, '0');
    for (let kills = 0; kills < 4; kills++) {
      const child = start(stream, 'hang');
      await once(child, 'message');
      await endProcess(child, 'SIGKILL');
    }
    const sink = new TestSink();
    await stream.consumer(sink, { consumer: 'child' }).start();
    await until(() => settled(stream));
    expect(new Set(sink.confirmed).size).toBe(20);
    expect(await stream.status()).toMatchObject({ deadLetters: 0 });
  });

  it('is not set aside by restarts while its destination hangs and ignores that it is given up', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(2);
    // Handing back counts nothing, so that it takes somebody else to make them suspects.
    await stream.readBy('a', 2);
    for (let reads = 0; reads < 3; reads++) {
      await stream.call('XREADGROUP', 'GROUP', GROUP, 'a', 'STREAMS', stream.name, '0');
    }
    for (let restarts = 0; restarts < 8; restarts++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const sink = new TestSink(async (batch) => {
        await promise;
        return batch.map(({ id }) => delivered(id));
      });
      const consumer = stream.consumer(sink);
      await consumer.start();
      await until(() => sink.batches.length > 0);
      await consumer.stop({ timeoutMs: 200 });
      resolve();
    }
    const sink = new TestSink();
    await stream.consumer(sink).start();
    await until(() => settled(stream));
    expect(sink.confirmed).toEqual(ids);
    expect(sink.batches.length).toBe(2);
    expect(await stream.status()).toMatchObject({ deadLetters: 0 });
  });

  it('is not set aside by an outage, and reconnects during one count as no crash', async () => {
    await using stream = new TestStream(redis);
    const ids = await stream.addMany(3);
    for (let reads = 0; reads < 6; reads++) {
      await stream.readBy('a', 3);
      await stream.call('XREADGROUP', 'GROUP', GROUP, 'a', 'STREAMS', stream.name, '0');
    }
    const sink = new TestSink(async () => {
      throw new Error('down');
    });
    const consumer = stream.consumer(sink);
    await consumer.start();
    await until(() => sink.batches.length >= 6);
    expect(consumer.reported('takenBack').flatMap(({ suspects }) => suspects)).toEqual(ids);
    expect(sink.batches.every((batch) => batch.length === 1)).toBe(true);
    sink.answer = async (batch) => batch.map(({ id }) => delivered(id));
    await until(() => settled(stream));
    expect(sink.confirmed).toEqual(ids);
    expect(await stream.status()).toMatchObject({ deadLetters: 0 });
    expect(await stream.call('EXISTS', groupKey(stream.name, GROUP, 'alone'))).toBe(0);
  });
});

describeWithRedisProcess('a suspect', () => {
  it('that ended one process keeps its note through an outage, and loses it once it is delivered', async () => {
    await using stream = new TestStream(redis);
    const [id] = await stream.addMany(1);
    for (let reads = 0; reads < 4; reads++) {
      await stream.readBy('a', 1);
      await stream.call('XREADGROUP', 'GROUP', GROUP, 'a', 'STREAMS', stream.name, '0');
    }
    const alone = groupKey(stream.name, GROUP, 'alone');
    await stream.call('HSET', alone, id as string, 1);
    const notes: number[] = [];
    const sink = new TestSink(async () => {
      notes.push(Number(await stream.call('HGET', alone, id as string)));
      throw new Error('down');
    });
    await stream.consumer(sink).start();
    await until(() => notes.length >= 4);
    expect(new Set(notes)).toEqual(new Set([2]));
    sink.answer = async (batch) => batch.map((item) => delivered(item.id));
    await until(() => settled(stream));
    await until(async () => (await stream.call('EXISTS', alone)) === 0);
    expect(await stream.status()).toMatchObject({ deadLetters: 0 });
  });
});

describe('a consumer process', () => {
  it('ends by itself once it was stopped', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(3);
    const child = start(stream);
    await until(() => settled(stream));
    expect(await endProcess(child, 'SIGTERM')).toBe(0);
  });

  it('ends by itself although its sink never answers', async () => {
    await using stream = new TestStream(redis);
    await stream.addMany(3);
    const child = start(stream, 'hang');
    await once(child, 'message');
    expect(await endProcess(child, 'SIGTERM')).toBe(0);
    expect((await stream.status()).pending).toBe(3);
  });
});
