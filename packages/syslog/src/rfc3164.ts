import { readCiscoHeader } from './cisco-header.ts';
import { CISCO_TAG } from './cisco-tag.ts';
import { type HeaderReading, matchesAt, readStamp } from './header-reading.ts';
import type { SyslogMessage } from './syslog-message.ts';
import type { StampContext } from './time-stamp.ts';

const TAG = new RegExp(CISCO_TAG, 'y');
/** A Cisco tag that lost its percent sign or all of its front, and the export of Cisco's own log viewer. */
const BARE_TAG = /(?:(?:ASA|FTD|PIX|FWSM)-(?:\w{1,32}-)?[0-7]-)?\d{6}: /y;
const VIEWER_SEVERITY = /[0-7]\|/y;
const HOSTNAME = /([^\s[\]"<>|%]{1,255})(?: |$)/y;
const APP_NAME = /([^\s:[\]%"]{1,64})(?:\[([^\s\]]{1,128})\]:?|:)(?: |$)/y;

/**
 * Parses what follows the priority as RFC 3164 in the dialects found in the wild: sequence numbers, stamps, and names
 * in any order before a Cisco tag; a relay's header before the device's own; ISO stamps; no stamp, no host, no tag.
 */
export function parseRfc3164(line: string, at: number, context: StampContext): SyslogMessage {
  const reading = readCiscoHeader(line, at, context) ?? readHeader(line, at, context);
  const { header, problems, end } = reading;
  const isCisco = matchesAt(TAG, line, end);
  if (header.timestamp === undefined && problems.length === 0 && !isCisco) {
    problems.push(at === 0 ? 'The line has no syslog header.' : 'The line has no time stamp after its priority.');
  }
  const format = at > 0 || end > 0 || isCisco ? 'rfc3164' : 'unknown';
  return { format, ...header, message: line.slice(end), problems };
}

function readHeader(line: string, start: number, context: StampContext): HeaderReading {
  const viewer = matchesAt(VIEWER_SEVERITY, line, start) ? 2 : 0;
  const blank = start > 0 && line[start] === ' ' ? 1 : 0;
  const reading: HeaderReading = { header: {}, problems: [], end: start + viewer + blank };
  if (!readStamp(line, reading, context)) {
    reading.end = start;
    if (start > 0 || matchesAt(BARE_TAG, line, start)) readAppName(line, reading);
    return reading;
  }
  if (line[reading.end] === ':' || line[reading.end] === '|') {
    reading.end += line[reading.end + 1] === ' ' ? 2 : 1;
    readAppName(line, reading);
    return reading;
  }
  reading.end = Math.min(reading.end + 1, line.length);
  if (readAppName(line, reading)) return reading;
  HOSTNAME.lastIndex = reading.end;
  const hostname = HOSTNAME.exec(line)?.[1];
  if (hostname === undefined) return reading;
  reading.header.hostname = hostname;
  reading.end = HOSTNAME.lastIndex;
  readAppName(line, reading);
  return reading;
}

function readAppName(line: string, reading: HeaderReading): boolean {
  APP_NAME.lastIndex = reading.end;
  const parts = APP_NAME.exec(line);
  if (parts === null) return false;
  const [, appName, procId] = parts;
  if (appName !== undefined) reading.header.appName = appName;
  if (procId !== undefined) reading.header.procId = procId;
  reading.end = APP_NAME.lastIndex;
  return true;
}
