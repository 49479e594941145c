import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import * as core from '@distributary/core';
import { DistributaryError, rejected, type StreamConsumerEvents } from '@distributary/core';
import { describeWithRedisProcess, startRedis, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { parseTuning } from '../src/stream-consumer-options.ts';
import { confirmAll, TestSink } from './test-sink.ts';
import { GROUP, TestStream } from './test-stream.ts';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const example = new URL('readme-example.ts', import.meta.url);

/** Every event, checked by the compiler. */
const EVENTS: Record<keyof StreamConsumerEvents, true> = {
  stateChanged: true,
  serverProbed: true,
  groupCreated: true,
  groupRecreated: true,
  groupSetBack: true,
  checkpointFailed: true,
  takenBack: true,
  gaveUp: true,
  settled: true,
  handedBack: true,
  delivered: true,
  retried: true,
  deadLettered: true,
  deadLetterFailed: true,
  deadLettersHeld: true,
  deadLettersResumed: true,
  lost: true,
  acknowledgedFewer: true,
  sinkUnavailable: true,
  sinkHeld: true,
  sinkRecovered: true,
  redisUnavailable: true,
  redisRecovered: true,
};

describe('the README', () => {
  it('shows the default of every option', () => {
    const options = { stream: 's', group: 'g', consumer: 'c', sink: new TestSink() };
    const defaults = Object.entries(parseTuning(options)).flatMap(([name, value]) =>
      typeof value === 'object'
        ? Object.entries(value).map(([inner, number]) => `| \`${name}.${inner}\` | \`${number}\` |`)
        : [`| \`${name}\` | \`${value}\` |`],
    );
    for (const row of defaults) expect(readme).toContain(row);
  });

  it('names every event and every class of errors', () => {
    for (const name of Object.keys(EVENTS)) expect(readme).toContain(`| \`${name}\` |`);
    const classes = Object.entries(core).filter(
      ([, value]) => typeof value === 'function' && value.prototype instanceof DistributaryError,
    );
    expect(classes.length).toBeGreaterThan(8);
    for (const [name] of classes) expect(readme).toContain(`\`${name}\``);
  });
});

describeWithRedisProcess("the README's", () => {
  it('example is the program that is compiled here, and it works', async () => {
    expect(readme).toContain(`\`\`\`ts\n${await readFile(example, 'utf8')}\`\`\``);
    await using redis = await startRedis({ requireProcess: true });
    await using stream = new TestStream(redis, 'syslog_stream');
    await stream.add('line', 'Hello');
    const child = spawn(process.execPath, ['--conditions=@distributary/source', example.pathname], {
      env: { ...process.env, REDIS_URL: redis.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const exited = once(child, 'exit');
    await until(() => output === 'Hello\n').finally(() => child.kill('SIGTERM'));
    expect((await exited)[0]).toBe(0);
  });

  it('ACL rule is all that a consumer needs, and keeps it from everything else', async () => {
    await using redis = await startRedis({ requireProcess: true });
    await using stream = new TestStream(redis);
    const [, rule = ''] = /```\n(ACL SETUSER noc [^`]*)```/.exec(readme) ?? [];
    const words = rule.replaceAll('syslog_stream', stream.name).replaceAll('noc_team', GROUP).trim().split(/\s+/);
    const allow = (some: string[]) => stream.call(...(some as [string, ...string[]]));
    const parentheses = await allow(words).then(
      () => true,
      () => allow(words.map((word) => word.replace(/[()]/g, ''))).then(() => false),
    );
    const url = redis.url.replace('//', '//noc:secret@');

    const ids = await stream.addMany(30);
    const [suspect, refused] = ids;
    await stream.readBy('dead', 10);
    for (let reads = 0; reads < 4; reads++) {
      await stream.call('XREADGROUP', 'GROUP', GROUP, 'dead', 'COUNT', 1, 'STREAMS', stream.name, '0');
    }
    const sink = new TestSink(async (batch) => {
      const results = await confirmAll(batch);
      return results.map((result) => (result.id === refused ? rejected(result.id, new Error('no')) : result));
    });
    const gate = Promise.withResolvers<void>();
    const settled = sink.answer;
    sink.answer = async (batch, signal) => {
      await gate.promise;
      return settled(batch, signal);
    };
    const options = { claim: { idleMs: 300, renewMs: 100 }, checkpoint: { everyMs: 100 } };
    const consumer = stream.consumer(sink, { redis: { url }, ...options });
    await consumer.start();
    await until(async () => (await consumer.status()).consumers.some(({ name }) => name === 'a'));
    await until(async () => calls(await stream.call('INFO', 'commandstats'), 'xclaim') > 1);
    gate.resolve();
    await until(async () => (await consumer.status()).pending === 0 && sink.confirmed.length === 29);
    expect(consumer.reported('takenBack').flatMap(({ suspects }) => suspects)).toContain(suspect);
    expect(consumer.reported('deadLettered')).toMatchObject([{ id: refused }]);
    await until(async () => (await consumer.status()).checkpoint?.id === ids.at(-1));
    await stream.call('XGROUP', 'DESTROY', stream.name, GROUP);
    await until(() => consumer.reported('groupRecreated').length === 1);
    expect(consumer.reported('groupRecreated')).toMatchObject([{ startFrom: ids.at(-1) }]);
    expect(consumer.reported('checkpointFailed')).toEqual([]);
    expect(consumer.reported('redisUnavailable')).toEqual([]);
    expect(await denied(stream)).toEqual([expect.stringMatching(/^config/)]);

    const own = new core.RedisConnection({ url }, 'test');
    for (const [command, ...args] of [
      ...(parentheses ? [['XADD', stream.name, '*', 'line', 'forged']] : []),
      ['XTRIM', stream.name, 'MAXLEN', '0'],
      ['XRANGE', stream.deadLetters, '-', '+'],
      ['XADD', 'another', '*', 'a', 'b'],
      ['DEL', stream.name],
      ['CONFIG', 'GET', 'requirepass'],
      ['FLUSHALL'],
    ] as [string, ...string[]][]) {
      await expect(own.call(command, ...args)).rejects.toThrow(/^NOPERM/);
    }
    own.close();
  });
});

function calls(stats: unknown, command: string): number {
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(String(stats))?.[1] ?? 0);
}

/** What the server's ACL log says was refused. */
async function denied(stream: TestStream): Promise<string[]> {
  const log = (await stream.call('ACL', 'LOG')) as unknown[][];
  return log.map((entry) => String(entry[entry.findIndex((part) => String(part) === 'object') + 1]));
}
