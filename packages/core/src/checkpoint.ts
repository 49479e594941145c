import { compareEntryIds, type Entry, type EntryId } from './entry.ts';
import { DistributaryError } from './errors.ts';
import type { GroupProgress, Survey } from './group.ts';
import { contentDigest } from './identity.ts';

/**
 * How far a group has come, kept outside of it: an entry of the stream that the group was done with, as with everything
 * before it. The entry's own bytes tell the stream that held it from any other, whose entries may have the same IDs: a
 * stream that still holds this entry holds nothing before it that the group has not had.
 */
export interface Checkpoint {
  readonly id: EntryId;
  readonly digest: string;
  /** The last ID that the stream had given by then. */
  readonly streamEnd: EntryId;
  /** How many entries the group was done with; null where Redis does not count reads. */
  readonly entries: number | null;
  /** How many dead letters the group had; where there are fewer, what was set aside would be lost by going on from here. */
  readonly deadLetters: number;
  /** ISO 8601. */
  readonly at: string;
}

/** Where checkpoints outlive their group. */
export interface CheckpointStore {
  /** @throws Error when there is one that cannot be read */
  load(): Promise<Checkpoint | undefined>;
  save(checkpoint: Checkpoint): Promise<void>;
}

/** Where a group that had vanished, or was set back, began again, and what that means for its entries. */
export interface Recreation {
  readonly startFrom: EntryId | 'beginning';
  /** Entries that come although the group may have had them; null when there are none. */
  readonly again: EntrySpan | null;
  /** Where the stream holds nothing any more of what the group may not have had; null when nothing is known to be gone. */
  readonly gap: Gap | null;
}

/** Behind `after`, up to and including `upTo`. */
export interface EntrySpan {
  readonly after: EntryId;
  readonly upTo: EntryId;
}

/** Behind `after`, and before the entry `before`; null where no entry has followed yet. */
export interface Gap {
  readonly after: EntryId;
  readonly before: EntryId | null;
}

const FIRST: EntryId = '0-0';

/** The last ID of the millisecond before, and so on: up to 2^64 - 1. */
const LAST_SEQUENCE = 2n ** 64n - 1n;

/** The last place in the stream up to which the group has been handed everything and has nothing pending. */
export function finishedUpTo({ lastDelivered, oldestPending }: GroupProgress): EntryId {
  if (oldestPending === undefined || compareEntryIds(lastDelivered, oldestPending) < 0) return lastDelivered;
  const [ms, sequence] = oldestPending.split('-').map(BigInt) as [bigint, bigint];
  if (sequence > 0n) return `${ms}-${sequence - 1n}` as EntryId;
  return ms > 0n ? (`${ms - 1n}-${LAST_SEQUENCE}` as EntryId) : FIRST;
}

/** The checkpoint of a group that is there; undefined when it is done with no entry that the stream still holds. */
export function checkpointOf({ entry, lastGenerated, deadLetters, group }: Survey): Checkpoint | undefined {
  if (!entry || !group || compareEntryIds(entry.id, finishedUpTo(group)) > 0) return undefined;
  return {
    id: entry.id,
    digest: contentDigest(entry),
    streamEnd: lastGenerated,
    entries: group.entriesRead === undefined ? null : group.entriesRead - group.pending,
    deadLetters,
    at: new Date().toISOString(),
  };
}

/** Whether a group may begin behind the checkpoint's entry: nothing before it is missing to the group. */
export function holdsGood(checkpoint: Checkpoint, { entry, deadLetters }: Survey): boolean {
  return isEntryOf(checkpoint, entry) && deadLetters >= checkpoint.deadLetters;
}

/** The group begins behind the checkpoint's entry. */
export function resumption({ id, streamEnd }: Checkpoint, { lastGenerated }: Survey): Recreation {
  return { startFrom: id, again: spanOf(id, lastGenerated), gap: tailLost(streamEnd, lastGenerated) };
}

/** The group begins at the beginning. @param checkpoint undefined when nothing is known of where it was */
export function restart(checkpoint: Checkpoint | undefined, survey: Survey | undefined): Recreation {
  const again = survey?.firstId ? spanOf(FIRST, survey.lastGenerated) : null;
  if (!checkpoint || isEntryOf(checkpoint, survey?.entry)) return { startFrom: 'beginning', again, gap: null };
  const isBehind = survey?.entry === undefined;
  return {
    startFrom: 'beginning',
    again,
    gap: { after: checkpoint.id, before: (isBehind && survey?.firstId) || null },
  };
}

/** What it means that a group is behind its own checkpoint, or its stream behind what it was; undefined when neither is. */
export function setback({ id, streamEnd }: Checkpoint, { group, lastGenerated }: Survey): Recreation | undefined {
  if (!group) return undefined;
  const startFrom = group.lastDelivered;
  const again = spanOf(startFrom, id);
  const gap = tailLost(streamEnd, lastGenerated);
  return again || gap ? { startFrom, again, gap } : undefined;
}

/** @throws DistributaryError `CHECKPOINT` when the text is none */
export function parseCheckpoint(text: string, where: string): Checkpoint {
  try {
    const { id, digest, streamEnd, entries, deadLetters, at } = JSON.parse(text) as Checkpoint;
    if (![id, streamEnd].every((one) => /^\d+-\d+$/.test(one)) || typeof digest !== 'string') throw new Error('no IDs');
    if (!Number.isSafeInteger(deadLetters) || typeof at !== 'string') throw new Error('no numbers');
    return { id, digest, streamEnd, entries, deadLetters, at };
  } catch (cause) {
    throw unreadable(where, cause);
  }
}

/** What was written down of a group cannot be read. */
export function unreadable(where: string, cause: unknown): DistributaryError {
  const message = `${where} cannot be read, so the group would begin at the beginning if it vanished. Delete it: it is written again.`;
  return new DistributaryError('CHECKPOINT', message, { cause });
}

function isEntryOf({ id, digest }: Checkpoint, entry: Entry | undefined): boolean {
  return entry !== undefined && entry.id === id && contentDigest(entry) === digest;
}

function spanOf(after: EntryId, upTo: EntryId): EntrySpan | null {
  return compareEntryIds(after, upTo) < 0 ? { after, upTo } : null;
}

function tailLost(streamEnd: EntryId, lastGenerated: EntryId): Gap | null {
  return compareEntryIds(lastGenerated, streamEnd) < 0 ? { after: lastGenerated, before: null } : null;
}
