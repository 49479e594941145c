import { Entry, type EntryId, eventIdentity, groupKey, readDeadLetter } from '@distributary/core';
import type { StoredDocument } from '@distributary/testing';
import { poisonOf, type Site, STREAM, type Team } from './site.ts';
import { UNDECODABLE_FIELD } from './traffic.ts';

/** An entry of the stream, as every destination is to have it. */
export interface StreamEntry {
  readonly id: EntryId;
  readonly identity: string;
  readonly eid: string | undefined;
  /** Undefined when there is no line. */
  readonly line: Buffer | undefined;
}

/** An entry as a team's destination has it. */
export interface Copy {
  readonly entryId: string;
  readonly identity: string;
  readonly line: Buffer;
}

const PAGE = 5_000;

/** Every entry from the first one on. */
export async function readStream({ admin }: Site, until = '+'): Promise<StreamEntry[]> {
  return (await pagesOf(admin, STREAM, until)).map((entry) => ({
    id: entry.id,
    identity: eventIdentity(entry),
    eid: entry.text('eid'),
    line: entry.bytes(UNDECODABLE_FIELD) === undefined ? entry.bytes('line') : undefined,
  }));
}

/** The IDs of a group's dead letters, each with its verdict and reason, as often as it is there. */
export async function readDeadLetters({ admin }: Site, { group }: Team): Promise<{ id: EntryId; why: string }[]> {
  return (await pagesOf(admin, groupKey(STREAM, group, 'dead-letters'), '+')).map((stored) => {
    const { entryId, verdict, reason } = readDeadLetter(stored).envelope;
    return { id: entryId, why: `${verdict}: ${reason}` };
  });
}

/** Everything that a team's destination has stored, what it stored twice twice. */
export async function readCopies({ name, fixture }: Team): Promise<Copy[]> {
  return (await fixture.stored()).map((stored: StoredDocument) => {
    const { event, distributary } = (name === 'noc' ? stored.document : stored.document['event']) as {
      event: { original: string };
      distributary: { entry_id: string; line_base64?: string };
    };
    const { line_base64: base64 } = distributary;
    return {
      entryId: distributary.entry_id,
      identity: stored.id,
      line: base64 === undefined ? Buffer.from(event.original) : Buffer.from(base64, 'base64'),
    };
  });
}

/** Whether the team is to have a dead letter of the entry, and no copy. */
export function isToBeSetAside({ line }: StreamEntry, { name }: Team): boolean {
  return line === undefined || line.includes(poisonOf(name));
}

async function pagesOf(admin: Site['admin'], key: string, until: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const last = entries.at(-1);
    const page = await admin.xrangeBuffer(key, last ? `(${last.id}` : '-', until, 'COUNT', PAGE);
    for (const [id, fields] of page) entries.push(new Entry(id.toString('latin1') as EntryId, fields));
    if (page.length < PAGE) return entries;
  }
}
