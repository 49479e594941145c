import type { SyslogMessage } from './syslog-message.ts';
import { readTimeStamp, type StampContext } from './time-stamp.ts';

/** A header as far as it was read. */
export interface HeaderReading {
  readonly header: { -readonly [K in 'timestamp' | 'hostname' | 'appName' | 'procId']?: NonNullable<SyslogMessage[K]> };
  readonly problems: string[];
  /** Where what was not read yet starts. */
  end: number;
}

/** Reads the stamp that comes next, if one does. A clock that is not yet set puts a star or a full stop before it. */
export function readStamp(line: string, reading: HeaderReading, context: StampContext): boolean {
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

/** Whether the sticky expression matches at `at`. */
export function matchesAt(expression: RegExp, line: string, at: number): boolean {
  expression.lastIndex = at;
  return expression.test(line);
}
