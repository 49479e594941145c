import { parseRfc3164 } from './rfc3164.ts';
import { parseRfc5424 } from './rfc5424.ts';
import type { ParseOptions, SyslogMessage } from './syslog-message.ts';
import { timeZoneOf } from './time-zone.ts';

/** Before it: the byte order mark of a file's first line, or the octet count of a TCP stream that was cut at its lines. */
const PRIORITY = /^\ufeff?(?:\d{1,6} )?<(\d{1,3})>/;

/**
 * Takes a syslog line apart. No line makes it throw: what cannot be read is named in `problems` and left in `message`.
 * @throws RangeError when `timeZone` is neither an IANA name nor an offset.
 */
export function parseSyslog(line: string, options: ParseOptions): SyslogMessage {
  const { receivedAt, timeZone = 'UTC' } = options;
  timeZoneOf(timeZone);
  const context = { receivedAt, timeZone };
  const parts = PRIORITY.exec(line);
  const at = parts === null ? 0 : parts[0].length;
  const message = (at > 0 ? parseRfc5424(line, at, context) : undefined) ?? parseRfc3164(line, at, context);
  const priority = Number(parts?.[1]);
  if (parts !== null && priority <= 191) return { ...message, priority };
  if (parts === null && !line.startsWith('<')) return message;
  const found = parts === null ? 'no priority follows the opening "<"' : `the priority ${parts[1]} is above 191`;
  return { ...message, problems: [`The header is malformed: ${found}.`, ...message.problems] };
}
