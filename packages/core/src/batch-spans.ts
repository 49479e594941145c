import {
  context,
  isSpanContextValid,
  type Link,
  type Span,
  type SpanAttributes,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { GroupIdentity } from './consumer-group.ts';
import type { Batch } from './entry.ts';
import { asError } from './errors.ts';
import { parseTraceparent } from './traceparent.ts';

/** The field in which a producer names its span, as W3C Trace Context writes it. */
const TRACEPARENT_FIELD = 'traceparent';

/** As many links as the SDKs keep of one span by default. */
const MAX_LINKS = 128;

/**
 * A span for each batch, from its hand-over to the sink until the last of its entries has a final verdict, by whatever
 * SDK is registered with the OpenTelemetry API. Attributes follow its semantic conventions for messaging.
 */
export class BatchSpans {
  readonly #tracer: Tracer;
  readonly #attributes: SpanAttributes;

  constructor({ stream, group, consumer }: GroupIdentity) {
    this.#tracer = trace.getTracer('@distributary/core');
    this.#attributes = {
      'messaging.system': 'redis',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'deliver',
      'messaging.destination.name': stream,
      'messaging.consumer.group.name': group,
      'messaging.client.id': consumer,
    };
  }

  /** Runs inside the span of the batch, which links to the spans that its entries name; each once, up to 128. */
  async around(batch: Batch<unknown>, run: (span: Span) => Promise<void>): Promise<void> {
    const attributes = { ...this.#attributes, 'messaging.batch.message_count': batch.length };
    // A root: the consumer outlives whatever span it was started in.
    const span = this.#tracer.startSpan('distributary deliver', { kind: SpanKind.CONSUMER, root: true, attributes });
    // Nobody traces.
    if (!isSpanContextValid(span.spanContext())) return run(span);
    if (span.isRecording()) span.addLinks(linksOf(batch));
    try {
      await context.with(trace.setSpan(context.active(), span), run, undefined, span);
    } catch (thrown) {
      const error = asError(thrown);
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw thrown;
    } finally {
      span.end();
    }
  }
}

function linksOf(batch: Batch<unknown>): Link[] {
  const links = new Map<string, Link>();
  for (const { id, entry } of batch) {
    const bytes = entry.bytes(TRACEPARENT_FIELD);
    const producer = bytes && parseTraceparent(bytes);
    if (!producer) continue;
    const key = `${producer.traceId}-${producer.spanId}`;
    if (!links.has(key)) links.set(key, { context: producer, attributes: { 'messaging.message.id': id } });
    if (links.size === MAX_LINKS) break;
  }
  return [...links.values()];
}
