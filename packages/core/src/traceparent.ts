import type { SpanContext } from '@opentelemetry/api';

/** https://www.w3.org/TR/trace-context/#traceparent-header-field-values; versions to come may go on behind a hyphen. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** A version to come may be longer than the 55 bytes of this one; more than this is no `traceparent`. */
const MAX_BYTES = 512;

/** The span that a `traceparent` names; undefined for one that the rules of W3C call invalid. */
export function parseTraceparent(bytes: Buffer): SpanContext | undefined {
  if (bytes.length > MAX_BYTES) return undefined;
  const match = TRACEPARENT.exec(bytes.toString('latin1'));
  if (!match) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = match;
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
