import { Entry, type EntryId } from './entry.ts';
import type { Epoch, Page } from './group.ts';
import { LARGE_BYTES, largeValuesPassed } from './large-values.ts';

/** An entry as a reply has it; trimmed from the stream when it has no parts. */
export type RawEntry = readonly [id: Buffer, parts: Buffer[] | null];

/** The entries in the reply to a read of one stream. */
export function entriesOfStream(reply: unknown): RawEntry[] {
  return (reply as [stream: Buffer, entries: RawEntry[]][] | null)?.[0]?.[1] ?? [];
}

/** Takes the parts over into entries. */
export function pageOf(raw: readonly RawEntry[], epoch: Epoch): Page {
  const entries: Entry[] = [];
  const lost: EntryId[] = [];
  for (const [idBytes, parts] of raw) {
    const id = idBytes.toString('latin1') as EntryId;
    if (parts === null) lost.push(id);
    else entries.push(new Entry(id, leavePool(parts)));
  }
  return { entries, epoch, lost };
}

/** Copies, in place, what would keep the parser's memory for as long as it is in hand itself. */
function leavePool(parts: Buffer[]): Buffer[] {
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Buffer;
    if (part.length <= LARGE_BYTES) continue;
    parts[i] = Buffer.from(part);
    largeValuesPassed(part.length);
  }
  return parts;
}
