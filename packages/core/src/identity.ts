import { isUtf8 } from 'node:buffer';
import { createHash, hash } from 'node:crypto';
import type { Entry } from './entry.ts';

/** The field in which a producer names its event, so that an entry added twice is stored once. */
export const EVENT_ID_FIELD = 'eid';

/** Elasticsearch takes `_id`s up to this many bytes. */
const MAX_EVENT_ID_BYTES = 512;

/**
 * The event's own name, the same at every delivery and at every destination: the producer's `eid`, or
 * the entry ID with 16 hexadecimal digits of a SHA-1 over its fields (of an only field, its value). An entry ID alone is no identity: after a
 * failover with clock skew Redis gives the same ID to another event.
 */
export function eventIdentity(entry: Entry): string {
  return entry.identity ?? eventId(entry) ?? `${entry.id}-${contentDigest(entry)}`;
}

/** The identity as JSON text. Only a producer's own ID can hold what JSON has to escape. */
export function eventIdentityJson(entry: Entry): string {
  const identity = eventIdentity(entry);
  const safe = entry.identity === undefined && entry.bytes(EVENT_ID_FIELD) === undefined;
  return safe ? `"${identity}"` : JSON.stringify(identity);
}

/** The producer's `eid`, or undefined when there is none that can serve: empty, over 512 bytes, or not UTF-8. */
export function eventId(entry: Entry): string | undefined {
  const bytes = entry.bytes(EVENT_ID_FIELD);
  if (bytes === undefined || bytes.length === 0 || bytes.length > MAX_EVENT_ID_BYTES || !isUtf8(bytes))
    return undefined;
  return bytes.toString('utf8');
}

/** 16 hexadecimal digits of a SHA-1 over the fields (of an only field, its value). */
export function contentDigest(entry: Entry): string {
  if (entry.fieldCount <= 1) return hash('sha1', entry.valueAt(0) ?? '').slice(0, 16);
  const digest = createHash('sha1');
  for (const [name, value] of entry.fields()) {
    digest.update(`${name.length},${value.length}:`).update(name).update(value);
  }
  return digest.digest('hex').slice(0, 16);
}
