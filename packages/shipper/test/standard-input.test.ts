import { PassThrough } from 'node:stream';
import type { Confirm } from '@distributary/shipper';
import { describeWithRedisProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { House } from './test-shipper.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** The two ends of a program that rsyslog's omprog runs. */
class Program {
  readonly input = new PassThrough();
  readonly output = new PassThrough();
  answers = '';

  constructor() {
    this.output.on('data', (bytes: Buffer) => {
      this.answers += bytes.toString();
    });
  }

  as(confirm: Confirm) {
    return { kind: 'stdin', input: this.input, output: this.output, confirm } as const;
  }

  /** Without the dots that say that the program is alive. */
  get confirmed(): string {
    return this.answers.replaceAll('.', '').replaceAll('\n', ' ');
  }
}

describe.each([{ wal: true }, { wal: false }])('standard input (write-ahead log: $wal)', ({ wal }) => {
  const options = wal ? {} : { wal: false as const };

  it('ends the shipper when it ends, the last line included though it has no newline', async () => {
    await using house = await House.at(redis.url);
    const program = new Program();
    const shipper = await house.start({ ...options, input: program.as('nothing') });
    program.input.end('a\nb\nlast');
    await shipper.finished;
    expect(await house.lines()).toEqual(['a', 'b', 'last']);
    expect(shipper.reported('inputEnded')).toEqual([{ readBytes: 8 }]);
    expect(program.answers).toBe('');
    expect(shipper.state).toBe('stopped');
  });

  it('confirms that it is ready, then each message, empty and overlong ones included', async () => {
    await using house = await House.at(redis.url);
    const program = new Program();
    const shipper = await house.start({ ...options, input: program.as('messages'), maxLineBytes: 10 });
    await until(() => program.confirmed === 'OK ');
    program.input.write('a\n');
    await until(() => program.confirmed === 'OK OK ');
    program.input.write('\n');
    await until(() => program.confirmed === 'OK OK OK ');
    program.input.write('x'.repeat(15));
    program.input.write('y\nb\nc\n');
    await until(() => program.confirmed === 'OK OK OK OK OK OK ');
    program.input.end();
    await shipper.finished;
    expect(await house.lines()).toEqual(['a', 'xxxxxxxxxx', 'b', 'c']);
  });

  it('answers transactions: the marks with OK, the messages with DEFER_COMMIT', async () => {
    await using house = await House.at(redis.url);
    const program = new Program();
    const shipper = await house.start({ ...options, input: program.as('transactions') });
    program.input.write('BEGIN TRANSACTION\n');
    await until(() => program.confirmed === 'OK OK ');
    program.input.write('a\n');
    program.input.write('not a BEGIN TRANSACTION\n');
    await until(() => program.confirmed === 'OK OK DEFER_COMMIT DEFER_COMMIT ');
    program.input.write('COMMIT TRANSACTION\nBEGIN TRANS');
    program.input.write('ACTION');
    program.input.write('\nb\nCOMMIT TRANSACTION\n');
    await until(() => program.confirmed.length === 'OK OK DEFER_COMMIT DEFER_COMMIT OK OK DEFER_COMMIT OK '.length);
    program.input.end();
    await shipper.finished;
    expect(await house.lines()).toEqual(['a', 'not a BEGIN TRANSACTION', 'b']);
  });

  it('leaves out a message that was begun and not confirmed, for it is sent again', async () => {
    await using house = await House.at(redis.url);
    const first = new Program();
    const interrupted = await house.start({ ...options, input: first.as('messages') });
    first.input.end('a\nbeg');
    await interrupted.finished;
    const second = new Program();
    const shipper = await house.start({ ...options, input: second.as('messages') });
    second.input.end('begun again\n');
    await shipper.finished;
    expect(await house.lines()).toEqual(['a', 'begun again']);
    expect(interrupted.counts.partsLeftOut + shipper.counts.partsLeftOut).toBe(1);
    expect(first.confirmed).toBe('OK OK ');
  });
});

describe('a shipper without a write-ahead log', () => {
  it('waits for Redis at the end of its input, until it is told to stop sooner', { timeout: 10_000 }, async () => {
    await using house = await House.at(redis.url);
    const away = { call: () => Promise.reject(new Error('Redis is away')) };
    const program = new Program();
    const shipper = await house.start({ redis: away, wal: false, input: program.as('nothing') });
    program.input.end('a\n');
    await until(() => shipper.state === 'draining' && shipper.reported('redisUnavailable').length > 0);
    await shipper.stop({ timeoutMs: 50 });
    expect(shipper.reported('abandoned')).toEqual([{ bytes: 2 }]);
  });

  it('reports how much it loses when it must stop before Redis is back', async () => {
    await using house = await House.at(redis.url);
    const away = { call: () => Promise.reject(new Error('Redis is away')) };
    const shipper = await house.start({ redis: away, wal: false });
    house.write('a\nbcd\n');
    await until(() => shipper.reported('redisUnavailable').length > 0);
    await shipper.stop({ timeoutMs: 50 });
    expect(shipper.reported('abandoned')).toEqual([{ bytes: 6 }]);
  });
});

describeWithRedisProcess('confirmations while Redis is away', () => {
  it('come from the write-ahead log; without one they wait, and the shipper says that it is alive', async () => {
    await using own = await startRedis({ persistent: true });
    await using house = await House.at(own.url);
    await using other = await House.at(own.url);
    const kept = new Program();
    const waiting = new Program();
    await house.start({ input: kept.as('messages') });
    await other.start({ input: waiting.as('messages'), wal: false });
    await own.kill();
    kept.input.write('a\n');
    waiting.input.write('a\n');
    await until(() => kept.confirmed === 'OK OK ');
    await until(() => waiting.answers.startsWith('OK\n.'));
    expect(waiting.confirmed).toBe('OK ');
    await own.restart();
    await until(() => waiting.confirmed === 'OK OK ');
    await other.untilStored(1);
    await house.untilStored(1);
  });
});
