import { Entry, type EntryId } from './entry.ts';
import { DeadLetterQuotaError, DistributaryError } from './errors.ts';
import type { DeadLetter, DeadLetterVerdict } from './group.ts';
import { eventIdentity } from './identity.ts';
import { groupKey } from './keys.ts';

/** The field before the entry's own ones: everything about the dead letter itself, as JSON. */
const ENVELOPE_FIELD = 'distributary';

/** Reasons may quote a destination's answer; this bounds what one dead letter keeps of it. */
const MAX_REASON_LENGTH = 2_000;

/** The last moment that a Date can hold; the ID of an entry may name a later one. */
const MAX_DATE_MS = 8.64e15;

/** What a dead letter says about its entry. */
export interface DeadLetterEnvelope {
  readonly entryId: EntryId;
  /** The event's name at every destination; letters from before it was noted have none. */
  readonly identity?: string;
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly verdict: DeadLetterVerdict;
  readonly reason: string;
  /** Deliveries by the process that gave the entry up. */
  readonly attempts: number;
  /** ISO 8601: when Redis stored the entry, and when it was set aside. */
  readonly addedAt: string;
  readonly setAsideAt: string;
  /** How often it was delivered again at an operator's wish and failed again; absent when it never was. */
  readonly redriven?: number;
  /** The backfill whose entry this was; the group itself may have had it. */
  readonly backfill?: string;
}

/** Where a dead letter comes from when it is not the group's own delivery that failed. */
export type DeadLetterOrigin = Pick<DeadLetterEnvelope, 'redriven' | 'backfill'>;

/** A dead letter as it is stored: the envelope, and the entry with every field byte for byte as the team was given it. */
export interface StoredDeadLetter {
  readonly envelope: DeadLetterEnvelope;
  readonly entry: Entry;
}

/**
 * Whether a group may have more dead letters than it has.
 * @param stored how many it has
 * @param quota how many it may have
 * @throws DeadLetterQuotaError when it may not
 */
export function checkDeadLetterQuota(
  { stream, group }: { readonly stream: string; readonly group: string },
  stored: number,
  quota: number,
): void {
  if (stored < quota) return;
  const key = groupKey(stream, group, 'dead-letters');
  throw new DeadLetterQuotaError(
    `Group ${group} of stream ${stream} has ${stored} dead letters, and its quota is ${quota}: no more are added.`,
    `Find out why entries are set aside, make room in ${key}, or raise deadLetterQuota.`,
  );
}

/** The fields of a dead letter's own stream entry: `distributary` with the envelope, then the original fields unchanged. */
export function deadLetterFields(
  letter: DeadLetter,
  { stream, group, consumer }: { readonly stream: string; readonly group: string; readonly consumer: string },
  origin: DeadLetterOrigin = {},
): (string | Buffer)[] {
  const { entry, verdict, reason, attempts } = letter;
  const envelope: DeadLetterEnvelope = {
    entryId: entry.id,
    identity: eventIdentity(entry),
    stream,
    group,
    consumer,
    verdict,
    reason: reason.slice(0, MAX_REASON_LENGTH).toWellFormed(),
    attempts,
    addedAt: new Date(Math.min(entry.timestamp, MAX_DATE_MS)).toISOString(),
    setAsideAt: new Date().toISOString(),
    ...origin,
  };
  return [ENVELOPE_FIELD, JSON.stringify(envelope), ...[...entry.fields()].flat()];
}

/**
 * Reads a dead letter back from an entry of a dead-letter stream.
 * @throws DistributaryError `PAYLOAD` when that entry is not a dead letter
 */
export function readDeadLetter(stored: Entry): StoredDeadLetter {
  const [first, ...original] = stored.fields();
  try {
    if (first?.[0].toString() !== ENVELOPE_FIELD) throw new Error(`its first field is not ${ENVELOPE_FIELD}`);
    const envelope = JSON.parse(first[1].toString()) as DeadLetterEnvelope;
    return { envelope, entry: new Entry(envelope.entryId, original.flat(), envelope.identity) };
  } catch (cause) {
    throw new DistributaryError('PAYLOAD', `Entry ${stored.id} is not a dead letter of Distributary.`, { cause });
  }
}
