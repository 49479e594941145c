import {
  type Clock,
  type Entry,
  type EntryId,
  groupKey,
  groupStatus,
  type RedisArgument,
  RedisConnection,
  StreamConsumer,
  type StreamConsumerEvents,
  type StreamConsumerOptions,
} from '@distributary/core';
import type { TestSink } from './test-sink.ts';

export const GROUP = 'noc';

type Event = {
  [Name in keyof StreamConsumerEvents]: { readonly name: Name; readonly payload: StreamConsumerEvents[Name][0] };
}[keyof StreamConsumerEvents];

/** A consumer together with everything it has reported. */
export class TestConsumer extends StreamConsumer {
  readonly events: Event[] = [];

  override emit: StreamConsumer['emit'] = (name, ...payload) => {
    this.events.push({ name, payload: payload[0] } as Event);
    return super.emit(name, ...payload);
  };

  reported<Name extends keyof StreamConsumerEvents>(name: Name): StreamConsumerEvents[Name][0][] {
    return this.events.flatMap((event) => (event.name === name ? [event.payload as never] : []));
  }
}

/** A stream of one test's own, the consumers of one group on it, and a connection to look at both. */
export class TestStream implements AsyncDisposable {
  readonly name: string;
  readonly redis: RedisConnection;
  readonly #url: string;
  readonly #consumers: TestConsumer[] = [];

  constructor(redis: { readonly url: string }, name: string = `stream-${process.pid}-${++streams}`) {
    this.name = name;
    this.#url = redis.url;
    this.redis = new RedisConnection({ url: redis.url }, 'test');
  }

  get deadLetters(): string {
    return groupKey(this.name, GROUP, 'dead-letters');
  }

  call(command: string, ...args: RedisArgument[]): Promise<unknown> {
    return this.redis.call(command, ...args);
  }

  async add(...fields: RedisArgument[]): Promise<EntryId> {
    return String(await this.call('XADD', this.name, '*', ...fields)) as EntryId;
  }

  addMany(count: number, value: (i: number) => RedisArgument = (i) => `line ${i}`): Promise<EntryId[]> {
    return Promise.all(Array.from({ length: count }, (_, i) => this.add('line', value(i))));
  }

  status() {
    return groupStatus(this.redis, { stream: this.name, group: GROUP });
  }

  async pending(): Promise<number> {
    return (await this.status()).pending;
  }

  /** Hands entries to a consumer that dies with them. */
  async readBy(consumer: string, count: number): Promise<void> {
    await this.call('XGROUP', 'CREATE', this.name, GROUP, '0', 'MKSTREAM').catch(() => undefined);
    await this.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', this.name, '>');
  }

  consumer(sink: TestSink, options: Partial<StreamConsumerOptions<Entry>> = {}, clock?: Clock): TestConsumer {
    const own = { stream: this.name, group: GROUP, consumer: 'a', sink, batch: { lingerMs: 0 } };
    const consumer = new TestConsumer({ redis: { url: this.#url }, ...own, ...options }, clock);
    this.#consumers.push(consumer);
    return consumer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.stop({ timeoutMs: 1_000 })));
    this.redis.close();
  }
}

let streams = 0;
