import { ABBREVIATED_ZONES, offsetOf, timeZoneOf } from './time-zone.ts';

/** A stamp found in a line: where it ends, and its moment unless it is no real time. */
export interface TimeStamp {
  readonly end: number;
  readonly time: number | undefined;
}

/** How stamps that say less than a moment are completed. */
export interface StampContext {
  /** Milliseconds since the epoch. Of the years around it a stamp without one gets that which puts it nearest. */
  readonly receivedAt: number;
  /** An IANA name or an offset, for stamps without a zone. */
  readonly timeZone: string;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const MONTH = '(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?`;
const WEEKDAY = '(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?';
const NAMED_MONTH = new RegExp(
  String.raw`${WEEKDAY}(?:(\d{4}) )?${MONTH} {1,2}(\d{1,2}),? (?:(\d{4}) )?${CLOCK}(?: ([12]\d{3})(?=\s|:[\s%]|:?$))?`,
  'y',
);
const YEAR_BEHIND_ZONE = / ([12]\d{3})(?=\s|:[\s%]|:?$)/y;
const NAMED_ZONE = / ([A-Z]{1,5})(?=[\s:|]|$)| ?([+-]\d\d:?\d\d)(?=[\s:|]|$)|(Z)(?=[\s:|]|$)/y;
const ISO = new RegExp(String.raw`(\d{4})-(\d\d)-(\d\d)[Tt ]${CLOCK}([Zz]|[+-]\d\d:?\d\d)?(?=[\s:|]|$)`, 'y');
const LATEST = Date.UTC(10_000, 0) - 1;
const EARLIEST = Date.parse('0000-01-01T00:00:00Z');
/** Within this distance no other year can put a stamp nearer. */
const UNDISPUTED_MS = 180 * 86_400_000;

/** Reads the stamp that starts at `at`: `Nov 23 10:00:00` with its many additions, or ISO 8601. */
export function readTimeStamp(line: string, at: number, context: StampContext): TimeStamp | undefined {
  NAMED_MONTH.lastIndex = at;
  const named = NAMED_MONTH.exec(line);
  if (named !== null) return namedMonthStamp(line, named, context);
  ISO.lastIndex = at;
  const iso = ISO.exec(line);
  if (iso === null) return undefined;
  const local = localTime(Number(iso[1]), Number(iso[2]) - 1, iso.slice(3, 8));
  return { end: ISO.lastIndex, time: inZone(local, iso[8] === undefined ? undefined : offsetOf(iso[8]), context) };
}

function namedMonthStamp(line: string, parts: RegExpExecArray, context: StampContext): TimeStamp {
  const [, yearFirst, month = '', day, yearInside, hour, minute, second, fraction, yearLast] = parts;
  let year = yearFirst ?? yearInside ?? yearLast;
  let end = NAMED_MONTH.lastIndex;
  let offsetMs: number | undefined;
  NAMED_ZONE.lastIndex = end;
  const zone = NAMED_ZONE.exec(line);
  const abbreviation = zone?.[1] ?? zone?.[3];
  if (zone !== null && (abbreviation === undefined || ABBREVIATED_ZONES.has(abbreviation))) {
    end = NAMED_ZONE.lastIndex;
    offsetMs = abbreviation === undefined ? offsetOf(zone[2] ?? '') : ABBREVIATED_ZONES.get(abbreviation);
    YEAR_BEHIND_ZONE.lastIndex = end;
    const behind = year === undefined ? YEAR_BEHIND_ZONE.exec(line)?.[1] : undefined;
    if (behind !== undefined) {
      year = behind;
      end = YEAR_BEHIND_ZONE.lastIndex;
    }
  }
  const timeIn = (year: number): number | undefined =>
    inZone(localTime(year, MONTHS.indexOf(month) / 3, [day, hour, minute, second, fraction]), offsetMs, context);
  if (year === undefined && fraction === undefined && offsetMs === undefined) {
    const text = `${month} ${day?.padStart(2)} ${hour}:${minute}:${second}`;
    return { end, time: recall(text, context) ?? remember(text, nearest(timeIn, context.receivedAt), context) };
  }
  return { end, time: year === undefined ? nearest(timeIn, context.receivedAt) : timeIn(Number(year)) };
}

interface Remembered {
  readonly text: string;
  readonly timeZone: string;
  readonly time: number;
}

/** One remembered stamp per second of the minute: the lines of a busy moment pay for its calendar once. */
const remembered: (Remembered | undefined)[] = new Array(60).fill(undefined);
const SHORT_STAMP = new RegExp(`^${MONTH} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d$`);

/** The moment of an RFC 3164 stamp of 15 characters, `Nov 23 10:00:00`; undefined when it is none. */
export function shortStampTime(text: string, context: StampContext): number | undefined {
  return recall(text, context) ?? (SHORT_STAMP.test(text) ? readTimeStamp(text, 0, context)?.time : undefined);
}

function recall(text: string, context: StampContext): number | undefined {
  const last = remembered[secondOf(text)];
  const isSame = last !== undefined && last.text === text && last.timeZone === context.timeZone;
  return isSame && Math.abs(context.receivedAt - last.time) < UNDISPUTED_MS ? last.time : undefined;
}

function remember(text: string, time: number | undefined, context: StampContext): number | undefined {
  if (time !== undefined) remembered[secondOf(text)] = { text, timeZone: context.timeZone, time };
  return time;
}

function secondOf(text: string): number {
  return (text.charCodeAt(13) - 48) * 10 + text.charCodeAt(14) - 48;
}

const isoTexts: ({ readonly time: number; readonly text: string } | undefined)[] = new Array(60).fill(undefined);

/** `time` in ISO 8601, UTC, with milliseconds: `2026-11-23T10:00:00.000Z`. */
export function isoText(time: number): string {
  const slot = Math.abs(Math.floor(time / 1000) % 60);
  const last = isoTexts[slot];
  if (last?.time === time) return last.text;
  const text = new Date(time).toISOString();
  isoTexts[slot] = { time, text };
  return text;
}

/** Whether `time` can be written with a year of four digits, as every store's date type wants it. */
export function isWritableTime(time: number): boolean {
  return time >= EARLIEST && time <= LATEST;
}

function nearest(timeIn: (year: number) => number | undefined, receivedAt: number): number | undefined {
  const middle = new Date(receivedAt).getUTCFullYear();
  let best: number | undefined;
  for (const year of [middle - 1, middle, middle + 1]) {
    const time = timeIn(year);
    if (time === undefined) continue;
    if (best === undefined || Math.abs(time - receivedAt) < Math.abs(best - receivedAt)) best = time;
  }
  return best;
}

/** The clock reading as if it were UTC, or undefined when the calendar has no such day or the day no such time. */
function localTime(year: number, month: number, dayAndClock: readonly (string | undefined)[]): number | undefined {
  const [day = 0, hour = 0, minute = 0, second = 0] = dayAndClock.slice(0, 4).map(Number);
  const milliseconds = Number((dayAndClock[4] ?? '').slice(0, 3).padEnd(3, '0'));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
}

function inZone(local: number | undefined, offsetMs: number | undefined, context: StampContext): number | undefined {
  if (local === undefined) return undefined;
  const time = offsetMs === undefined ? timeZoneOf(context.timeZone).toUtc(local) : local - offsetMs;
  return isWritableTime(time) ? time : undefined;
}
