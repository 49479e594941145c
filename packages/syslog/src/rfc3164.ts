import { CISCO_TAG } from './cisco-tag.ts';
import type { SyslogMessage } from './syslog-message.ts';
import { readTimeStamp, type StampContext } from './time-stamp.ts';

const TAG = new RegExp(CISCO_TAG, 'y');
const CISCO_HEADER_WORD = /([^\s[\]"<>|%]{1,255}) /y;
const LONGEST_CISCO_HEADER = 400;
const MOST_HEADER_WORDS = 6;
/** A Cisco tag that lost its percent sign or all of its front, and the export of Cisco's own log viewer. */
const BARE_TAG = /(?:(?:ASA|FTD|PIX|FWSM)-(?:\w{1,32}-)?[0-7]-)?\d{6}: /y;
const VIEWER_SEVERITY = /[0-7]\|/y;
const HOSTNAME = /([^\s[\]"<>|%]{1,255})(?: |$)/y;
const APP_NAME = /([^\s:[\]%"]{1,64})(?:\[([^\s\]]{1,128})\]:?|:)(?: |$)/y;

type Header = { -readonly [K in 'timestamp' | 'hostname' | 'appName' | 'procId']?: NonNullable<SyslogMessage[K]> };

interface Reading {
  readonly header: Header;
  readonly problems: string[];
  /** Where the message starts. */
  end: number;
}

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

/** Of several stamps and names before a Cisco tag the last ones are the device's own; undefined without such a tag. */
function readCiscoHeader(line: string, start: number, context: StampContext): Reading | undefined {
  const percent = line.indexOf('%', start);
  if (percent < 0 || percent > start + LONGEST_CISCO_HEADER) return undefined;
  const reading: Reading = { header: {}, problems: [], end: skipPunctuation(line, start) };
  for (let words = 0; words <= MOST_HEADER_WORDS; words++) {
    if (line[reading.end] === '%') return matchesAt(TAG, line, reading.end) ? reading : undefined;
    if (!readStamp(line, reading, context)) {
      CISCO_HEADER_WORD.lastIndex = reading.end;
      const word = CISCO_HEADER_WORD.exec(line)?.[1];
      if (word === undefined) return undefined;
      reading.end = CISCO_HEADER_WORD.lastIndex;
      const name = word.endsWith(':') ? word.slice(0, -1) : word;
      if (!(word.endsWith(':') && /^\d{1,10}$/.test(name))) reading.header.hostname = name;
    }
    reading.end = skipPunctuation(line, reading.end);
  }
  return undefined;
}

function readHeader(line: string, start: number, context: StampContext): Reading {
  const viewer = matchesAt(VIEWER_SEVERITY, line, start) ? 2 : 0;
  const reading: Reading = { header: {}, problems: [], end: start + viewer };
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

/** A clock that is not yet set puts a star or a full stop before its stamp. */
function readStamp(line: string, reading: Reading, context: StampContext): boolean {
  const mark = line[reading.end];
  const at = mark === '*' || mark === '.' ? reading.end + 1 : reading.end;
  const stamp = readTimeStamp(line, at, context);
  if (stamp === undefined) return false;
  if (stamp.time === undefined) {
    reading.problems.push(`The time stamp "${line.slice(at, stamp.end)}" is not a time.`);
  } else {
    reading.header.timestamp = stamp.time;
  }
  reading.end = stamp.end;
  return true;
}

function readAppName(line: string, reading: Reading): boolean {
  APP_NAME.lastIndex = reading.end;
  const parts = APP_NAME.exec(line);
  if (parts === null) return false;
  const [, appName, procId] = parts;
  if (appName !== undefined) reading.header.appName = appName;
  if (procId !== undefined) reading.header.procId = procId;
  reading.end = APP_NAME.lastIndex;
  return true;
}

function skipPunctuation(line: string, at: number): number {
  let end = at;
  while (line[end] === ' ' || line[end] === ':') end++;
  return end;
}

function matchesAt(expression: RegExp, line: string, at: number): boolean {
  expression.lastIndex = at;
  return expression.test(line);
}
