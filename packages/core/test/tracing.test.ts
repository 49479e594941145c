import { delivered, rejected, retry } from '@distributary/core';
import { type RedisFixture, startRedis, until } from '@distributary/testing';
import {
  context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { parseTraceparent } from '../src/traceparent.ts';
import { confirmAll, TestSink } from './test-sink.ts';
import { TestStream } from './test-stream.ts';

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());
afterEach(() => trace.disable());

/** Keeps every span that was started, by the interfaces of the API and without an SDK. */
class Recorder {
  readonly spans: RecordedSpan[] = [];
  readonly #sampled: boolean;

  constructor({ sampled }: { readonly sampled: boolean }) {
    this.#sampled = sampled;
    trace.setGlobalTracerProvider({ getTracer: () => this as unknown as Tracer });
  }

  startSpan(name: string, options: SpanOptions = {}): Span {
    const span = new RecordedSpan(name, options, { index: this.spans.length + 1, sampled: this.#sampled });
    this.spans.push(span);
    return span;
  }
}

class RecordedSpan implements Span {
  readonly name: string;
  readonly options: SpanOptions;
  readonly links: Link[] = [];
  readonly events: { readonly name: string; readonly attributes: unknown }[] = [];
  status: unknown;
  exception: unknown;
  ended = 0;
  readonly #context: SpanContext;
  readonly #sampled: boolean;

  constructor(name: string, options: SpanOptions, { index, sampled }: { index: number; sampled: boolean }) {
    this.name = name;
    this.options = options;
    this.#sampled = sampled;
    const spanId = index.toString(16).padStart(16, '0');
    this.#context = { traceId: 'a'.repeat(32), spanId, traceFlags: sampled ? 1 : 0 };
  }

  spanContext = () => this.#context;
  isRecording = () => this.#sampled && this.ended === 0;
  addLink = (link: Link) => this.addLinks([link]);
  updateName = () => this;
  setAttribute = () => this;
  setAttributes = () => this;

  addLinks(links: Link[]): this {
    this.links.push(...links);
    return this;
  }

  addEvent(name: string, attributes?: unknown): this {
    this.events.push({ name, attributes });
    return this;
  }

  setStatus(status: unknown): this {
    this.status = status;
    return this;
  }

  recordException(exception: unknown): void {
    this.exception = exception;
  }

  end(): void {
    this.ended++;
  }
}

/** A read asks for as many entries of a megabyte as fit, until it has seen how small they are. */
const WHOLE_STREAM_AT_ONCE = { batch: { maxBytes: 2 ** 30, lingerMs: 0 }, readAhead: { maxBytes: 2 ** 30 } };

const parent = (i: number) => `00-${i.toString(16).padStart(32, '0')}-00f067aa0ba902b7-01`;

it('makes one span of a batch, with what the sink said at each delivery, and ends it with the last verdict', async () => {
  await using stream = new TestStream(redis);
  const recorder = new Recorder({ sampled: true });
  const [first, second, third] = await stream.addMany(3);
  let deliveries = 0;
  const sink = new TestSink(async (batch) => {
    if (++deliveries === 2) return confirmAll(batch);
    return batch.map(({ id }) => {
      if (id === first) return delivered(id);
      return id === second ? rejected(id, new Error('no')) : retry(id, new Error('busy'));
    });
  });
  await stream.consumer(sink).start();
  await until(async () => recorder.spans[0]?.ended && (await stream.pending()) === 0);
  expect(recorder.spans).toMatchObject([
    {
      name: 'distributary deliver',
      ended: 1,
      status: undefined,
      links: [],
      options: {
        root: true,
        attributes: {
          'messaging.system': 'redis',
          'messaging.operation.type': 'process',
          'messaging.destination.name': stream.name,
          'messaging.consumer.group.name': 'noc',
          'messaging.client.id': 'a',
          'messaging.batch.message_count': 3,
        },
      },
      events: [
        {
          name: 'settled',
          attributes: {
            entries: 3,
            delivered: 1,
            retried: 1,
            rejected: 1,
            firstDelivered: first,
            lastDelivered: first,
          },
        },
        { name: 'settled', attributes: { entries: 1, delivered: 1, retried: 0, rejected: 0, firstDelivered: third } },
      ],
    },
  ]);
});

it('links to the spans that entries name, each once and no more than 128, and ignores what is none', async () => {
  await using stream = new TestStream(redis);
  const recorder = new Recorder({ sampled: true });
  const malformed = ['', 'x', parent(0), parent(7).replace('00-', 'ff-'), `${parent(7)}-more`, 'y'.repeat(600)];
  for (const text of malformed) await stream.add('line', 'l', 'traceparent', text);
  const id = await stream.add('line', 'l', 'traceparent', parent(1));
  await stream.add('line', 'the same producer', 'traceparent', parent(1));
  for (let i = 2; i <= 200; i++) await stream.add('line', 'l', 'traceparent', parent(i));
  await stream.consumer(new TestSink(), WHOLE_STREAM_AT_ONCE).start();
  await until(() => recorder.spans[0]?.ended);
  const [span] = recorder.spans;
  expect(span?.links).toHaveLength(128);
  expect(span?.links[0]).toMatchObject({
    context: { traceId: parent(1).slice(3, 35), spanId: '00f067aa0ba902b7', traceFlags: 1, isRemote: true },
    attributes: { 'messaging.message.id': id },
  });
  expect(new Set(span?.links.map(({ context: { traceId } }) => traceId)).size).toBe(128);
});

it('delivers inside the span, so that what a client of the sink records belongs to it', async () => {
  await using stream = new TestStream(redis);
  const recorder = new Recorder({ sampled: true });
  let current: unknown = context.active();
  context.setGlobalContextManager({
    active: () => current as ReturnType<typeof context.active>,
    with(active, run, self, ...args) {
      current = active;
      return run.call(self, ...args);
    },
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  await stream.addMany(1);
  const seen: unknown[] = [];
  const sink = new TestSink(async (batch) => {
    seen.push(trace.getActiveSpan());
    return confirmAll(batch);
  });
  await stream.consumer(sink).start();
  await until(() => recorder.spans[0]?.ended);
  context.disable();
  expect(seen).toEqual([recorder.spans[0]]);
});

it('reads no traceparent for a span that is not recorded', async () => {
  await using stream = new TestStream(redis);
  const recorder = new Recorder({ sampled: false });
  await stream.add('line', 'l', 'traceparent', parent(1));
  await stream.consumer(new TestSink()).start();
  await until(() => recorder.spans[0]?.ended);
  expect(recorder.spans[0]?.links).toEqual([]);
});

it('says in the span why a consumer had to give up', async () => {
  await using stream = new TestStream(redis);
  const recorder = new Recorder({ sampled: true });
  await stream.addMany(1);
  const consumer = stream.consumer(new TestSink(async () => []));
  await consumer.start();
  await expect(consumer.finished).rejects.toThrow('no result for');
  expect(recorder.spans[0]).toMatchObject({ ended: 1, status: { code: 2 }, exception: { code: 'SINK_CONTRACT' } });
});

it.each([
  [parent(1), true],
  [`cc-${parent(1).slice(3)}-what-will-be`, true],
  [`cc-${parent(1).slice(3)}what-will-be`, false],
  [parent(1).replace('f', 'F'), false],
  [parent(1).replace('00f067aa0ba902b7', '0'.repeat(16)), false],
  [` ${parent(1)}`, false],
  [`${parent(1)}\n`, false],
])('takes %j for a traceparent: %s', (text, valid) => {
  expect(parseTraceparent(Buffer.from(text)) !== undefined).toBe(valid);
});
