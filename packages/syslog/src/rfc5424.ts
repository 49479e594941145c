import { readCiscoHeader } from './cisco-header.ts';
import { isCiscoTag } from './cisco-tag.ts';
import { readStructuredData } from './structured-data.ts';
import type { SyslogMessage } from './syslog-message.ts';
import { readTimeStamp, type StampContext } from './time-stamp.ts';

const HEADER = /1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) /y;
const BYTE_ORDER_MARK = '\ufeff';

/**
 * Parses what follows the priority as RFC 5424; undefined when it is not that. A Cisco device's own header that a relay
 * put into the message counts for more than the relay's.
 */
export function parseRfc5424(line: string, at: number, context: StampContext): SyslogMessage | undefined {
  HEADER.lastIndex = at;
  const header = HEADER.exec(line);
  if (header === null) return undefined;
  const [, stampText = '', hostname = '', appName = '', procId = '', msgId = ''] = header;
  const stamp = stampText === '-' ? undefined : readTimeStamp(stampText, 0, context);
  const whole = stamp?.end === stampText.length ? stamp.time : undefined;
  const data = readStructuredData(line, HEADER.lastIndex);
  if (data.problem !== undefined && isCiscoTag(appName)) return undefined;
  const start = messageStart(line, data.end);
  const device = readCiscoHeader(line, start, context);
  const problems = [...(device?.problems ?? [])];
  if (stampText !== '-' && whole === undefined) problems.push(`The time stamp "${stampText}" is not a time.`);
  if (data.problem !== undefined) problems.push(data.problem);
  return {
    format: 'rfc5424',
    ...(whole === undefined ? {} : { timestamp: whole }),
    ...(hostname === '-' ? {} : { hostname }),
    ...(appName === '-' ? {} : { appName }),
    ...(procId === '-' ? {} : { procId }),
    ...(msgId === '-' ? {} : { msgId }),
    ...(data.elements.length === 0 ? {} : { structuredData: data.elements }),
    ...device?.header,
    message: line.slice(device?.end ?? start),
    problems,
  };
}

function messageStart(line: string, at: number): number {
  const start = line[at] === ' ' ? at + 1 : at;
  return line[start] === BYTE_ORDER_MARK ? start + 1 : start;
}
