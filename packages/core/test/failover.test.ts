import { delivered, type EntryId, rejected } from '@distributary/core';
import { describeWithRedisProcess, type RedisFixture, startRedis, TcpProxy, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { TestSink } from './test-sink.ts';
import { GROUP, type TestConsumer, TestStream } from './test-stream.ts';

/** Once ahead, a clock gives IDs that are counted up from there, on whatever server the stream lives. */
const AHEAD = 9_000_000_000_000;

const CLAIM = { idleMs: 600, renewMs: 200 };

/** A primary whose replica is about to fall behind, and a consumer's way to whichever of them is the primary. */
class Failover implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #primary: RedisFixture;
  readonly #replica: RedisFixture;
  readonly #link: TcpProxy;
  readonly #front: TcpProxy;
  readonly before: TestStream;
  readonly after: TestStream;

  private constructor(
    stack: AsyncDisposableStack,
    servers: { readonly primary: RedisFixture; readonly replica: RedisFixture },
    proxies: { readonly link: TcpProxy; readonly front: TcpProxy },
  ) {
    this.#stack = stack;
    this.#primary = servers.primary;
    this.#replica = servers.replica;
    this.#link = proxies.link;
    this.#front = proxies.front;
    this.before = stack.use(new TestStream(servers.primary));
    this.after = stack.use(new TestStream(servers.replica, this.before.name));
  }

  /** The stream holds one entry, which both servers have. */
  static async start(): Promise<Failover> {
    await using stack = new AsyncDisposableStack();
    const primary = stack.use(await startRedis({ args: ['--repl-diskless-sync-delay', '0'] }));
    const link = stack.use(await TcpProxy.to(primary.port));
    const replica = stack.use(await startRedis({ args: ['--replicaof', '127.0.0.1', String(link.port)] }));
    const front = stack.use(await TcpProxy.to(primary.port));
    const failover = new Failover(stack.move(), { primary, replica }, { link, front });
    await failover.before.call('XADD', failover.before.name, `${AHEAD}-1`, 'line', 'first');
    await failover.before.call('XGROUP', 'CREATE', failover.before.name, GROUP, '0');
    await until(async () => Number(await failover.after.call('XLEN', failover.after.name)) === 1);
    await failover.replicated();
    return failover;
  }

  /** Starts a consumer of the primary that finds whichever of the two leads. */
  async consumer(gate: Gate, options: { readonly claim?: typeof CLAIM } = {}): Promise<TestConsumer> {
    const redis = { url: this.#front.url, commandTimeoutMs: 1_000 };
    const consumer = this.before.consumer(gate, { redis, ...options });
    await consumer.start();
    return consumer;
  }

  /** The stream's one entry is through the gate, and acknowledged. */
  async untilSettled(gate: Gate): Promise<void> {
    await until(async () => gate.lines.length === 1 && (await this.before.pending()) === 0);
  }

  /** WAIT speaks of what its own connection wrote, so that writes behind everything else. */
  async replicated(): Promise<void> {
    await this.before.call('SET', `${this.before.name}:mark`, 1);
    await until(async () => Number(await this.before.call('WAIT', 1, 1_000)) === 1);
  }

  /** From now on the replica gets nothing. */
  stall(): void {
    this.#link.mode = 'blackhole';
  }

  promote(): Promise<unknown> {
    return this.after.call('REPLICAOF', 'NO', 'ONE');
  }

  /** Whoever connects from now on finds the replica. */
  redirect(): void {
    this.#front.targetPort = this.#replica.port;
  }

  /** The primary dies; the consumer finds the replica, and the gate lets through what it has in hand, until nothing is. */
  async complete(consumer: TestConsumer, gate: Gate): Promise<void> {
    this.redirect();
    await this.#primary.kill();
    this.#front.reset();
    await until(() => consumer.reported('redisRecovered').length > 0);
    gate.lift();
    await until(async () => (await this.after.pending()) === 0 && consumer.inHand.entries === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

/** Gives no verdict while it is shut, and remembers the lines of which it has given one. */
class Gate extends TestSink {
  readonly lines: string[] = [];
  #open = Promise.withResolvers<void>();

  constructor(isRefused: (line: string) => boolean = () => false) {
    super(async (batch) => {
      await this.#open.promise;
      return batch.map(({ id, payload }) => {
        const line = String(payload.text('line'));
        this.lines.push(line);
        return isRefused(line) ? rejected(id, new Error('no')) : delivered(id);
      });
    });
    this.#open.resolve();
  }

  shut(): void {
    this.#open = Promise.withResolvers();
  }

  lift(): void {
    this.#open.resolve();
  }
}

describeWithRedisProcess('IDs that are given again after a failover', () => {
  it.concurrent.each([
    ['another consumer has read and left pending', 'dead'],
    ['this consumer was handed and never got', 'a'],
  ])('are not acknowledged for entries that %s', async (_, reader) => {
    await using failover = await Failover.start();
    const { before, after } = failover;
    const gate = new Gate();
    const consumer = await failover.consumer(gate, { claim: CLAIM });
    await failover.untilSettled(gate);
    await failover.replicated();
    failover.stall();
    gate.shut();
    const lost = await before.addMany(5, (i) => `lost with the primary ${i}`);
    await until(() => consumer.inHand.entries === 5);
    await failover.promote();
    expect(await after.addMany(5, (i) => `of the replica ${i}`)).toEqual(lost);
    await after.readBy(reader, 5);
    await failover.complete(consumer, gate);
    expect(gate.lines.slice(1, 6)).toEqual(lost.map((_, i) => `lost with the primary ${i}`));
    expect(new Set(gate.lines.slice(6))).toEqual(new Set(lost.map((_, i) => `of the replica ${i}`)));
  });

  it.concurrent('are not acknowledged by a dead letter of the entry that is lost, which is stored', async () => {
    await using failover = await Failover.start();
    const { before, after } = failover;
    const gate = new Gate((line) => line === 'lost with the primary');
    gate.shut();
    const consumer = await failover.consumer(gate, { claim: CLAIM });
    failover.stall();
    const lost = await before.addMany(1, () => 'lost with the primary');
    await until(() => consumer.inHand.entries === 2);
    await failover.promote();
    expect(await after.addMany(1, () => 'of the replica')).toEqual(lost);
    await after.readBy('dead', 2);
    await failover.complete(consumer, gate);
    expect(gate.lines).toContain('of the replica');
    expect((await after.status()).deadLetters).toBe(1);
  });

  it.concurrent('leave what both servers hold to be acknowledged as ever, also what was trimmed in between', async () => {
    await using failover = await Failover.start();
    const { before, after } = failover;
    const gate = new Gate();
    const consumer = await failover.consumer(gate);
    await failover.untilSettled(gate);
    gate.shut();
    const ids = await before.addMany(5);
    await until(() => consumer.inHand.entries === 5);
    await failover.replicated();
    await failover.promote();
    await after.call('XTRIM', after.name, 'MINID', ids[2] as EntryId);
    await failover.complete(consumer, gate);
    expect(gate.confirmed.slice(1)).toEqual(ids);
    expect(consumer.reported('acknowledgedFewer')).toEqual([]);
    expect(consumer.reported('lost')).toEqual([]);
  });
});

describeWithRedisProcess('a consumer amid a failover', () => {
  it('does not read from one server what it would acknowledge to the other', async () => {
    await using failover = await Failover.start();
    const { before, after } = failover;
    const gate = new Gate();
    const consumer = await failover.consumer(gate);
    await failover.untilSettled(gate);
    await failover.replicated();
    await failover.promote();
    failover.redirect();
    await before.call('CLIENT', 'KILL', 'ID', await connectionOf(before, 'commands'));
    await until(() => consumer.reported('redisUnavailable').length > 0);
    const [reason] = consumer.reported('redisUnavailable').map((event) => event.reason.message);
    expect(reason).toMatch(/Reading leads to Redis \w+ and acknowledging to \w+: a failover is under way/);
    const ids = await after.addMany(3);
    await until(async () => gate.lines.length === 4 && (await after.pending()) === 0);
    expect(gate.confirmed.slice(1)).toEqual(ids);
  });
});

/** The ID that Redis gave to one of the consumer's two connections. */
async function connectionOf(stream: TestStream, purpose: 'reader' | 'commands'): Promise<string> {
  const clients = String(await stream.call('CLIENT', 'LIST')).split('\n');
  const own = clients.find((client) => client.includes(`name=${GROUP}:a:${purpose}`));
  return /id=(\d+)/.exec(own ?? '')?.[1] ?? '';
}
