import { isUtf8 } from 'node:buffer';
import type { Entry } from './entry.ts';
import { PayloadError } from './errors.ts';
import { eventId } from './identity.ts';

/** The field in which a shipper stores the raw line. */
export const LINE_FIELD = 'line';

/**
 * The raw line of an entry as text: the usual `decode` of a team that reads log lines.
 * @throws PayloadError when the entry has no field `line`
 */
export function lineOf(entry: Entry): string {
  const line = entry.text(LINE_FIELD);
  if (line !== undefined) return line;
  const names = [...entry.fields()].map(([name]) => name.toString('utf8').slice(0, 40));
  throw new PayloadError(
    `The entry has no field "${LINE_FIELD}", only ${JSON.stringify(names)}. Ship lines as XADD <stream> * ${LINE_FIELD} <raw line>.`,
  );
}

/**
 * Where a stored line came from, as JSON text: `{"entry_id":"…"}`, with `eid` when the producer gave one, and with the
 * line's bytes as `line_base64` when they are not UTF-8 and so no text can hold them unchanged.
 * @param line what `lineOf` made of the same entry
 */
export function originJson(entry: Entry, line: string): string {
  const eid = eventId(entry);
  const eidMember = eid === undefined ? '' : `,"eid":${JSON.stringify(eid)}`;
  return `{"entry_id":"${entry.id}"${eidMember}${bytesMember(entry, line)}}`;
}

function bytesMember(entry: Entry, line: string): string {
  if (!line.includes('\ufffd')) return '';
  const bytes = entry.bytes(LINE_FIELD);
  return bytes === undefined || isUtf8(bytes) ? '' : `,"line_base64":"${bytes.toString('base64')}"`;
}
