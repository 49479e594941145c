import { CISCO_TAG } from './cisco-tag.ts';
import { type HeaderReading, matchesAt, readStamp } from './header-reading.ts';
import type { StampContext } from './time-stamp.ts';

const TAG = new RegExp(CISCO_TAG, 'y');
const LONGEST_HEADER = 400;
const MOST_WORDS = 10;
/** A word, or an address in brackets to which some daemons add the port as two more numbers. */
const WORD = /(?:([^\s[\]"<>|%]{1,255})|\[(\d{1,3}(?:\.\d{1,3}){3})(?:\.\d{1,3}\.\d{1,3})?\])[ \t]/y;
const PRIORITY = /<\d{1,3}>/y;
const FACILITIES = 'local[0-7]|kern|user|mail|daemon|auth|authpriv|syslog|lpr|news|uucp|cron|ftp';
const LEVELS = 'emerg|emergency|alert|crit|critical|err|error|warn|warning|notice|info|informational|debug|debugging';
/** Sequence numbers, `local4.info`, and how long a router without a clock is up: `2y10w`, `1d03h`, `00:00:36`. */
const NO_NAME = new RegExp(
  String.raw`^(?:\d{1,10}|(?:\d{1,4}[ywdhms]){1,6}|\d{1,4}:\d\d:\d\d|(?:${FACILITIES})\.(?:${LEVELS}))$`,
  'i',
);
/** What most names are; the two other expressions are costlier. */
const PLAIN_NAME = /^[A-Za-z][\w-]*$/;
const ADDRESS_AND_PORT = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/;

/**
 * Reads what stands before a Cisco tag: sequence numbers, stamps, names and relays' priorities in any order. Of several
 * stamps and names the last ones are the device's own; undefined where no such tag follows.
 */
export function readCiscoHeader(line: string, start: number, context: StampContext): HeaderReading | undefined {
  const percent = line.indexOf('%', start);
  if (percent < 0 || percent > start + LONGEST_HEADER) return undefined;
  const reading: HeaderReading = { header: {}, problems: [], end: skipPunctuation(line, start) };
  for (let words = 0; words <= MOST_WORDS; words++) {
    const next = line[reading.end];
    if (next === '%') return matchesAt(TAG, line, reading.end) ? reading : undefined;
    if (next === '<' && matchesAt(PRIORITY, line, reading.end)) reading.end = PRIORITY.lastIndex;
    else if (!readStamp(line, reading, context) && !readName(line, reading)) return undefined;
    reading.end = skipPunctuation(line, reading.end);
  }
  return undefined;
}

function readName(line: string, reading: HeaderReading): boolean {
  WORD.lastIndex = reading.end;
  const parts = WORD.exec(line);
  if (parts === null) return false;
  reading.end = WORD.lastIndex;
  const word = parts[1] ?? parts[2] ?? '';
  const name = word.endsWith(':') ? word.slice(0, -1) : word;
  if (PLAIN_NAME.test(name)) reading.header.hostname = name;
  else if (!NO_NAME.test(name)) reading.header.hostname = ADDRESS_AND_PORT.exec(name)?.[1] ?? name;
  return true;
}

function skipPunctuation(line: string, at: number): number {
  let end = at;
  while (line[end] === ' ' || line[end] === ':' || line[end] === '\t') end++;
  return end;
}
