/** Turns a clock reading without an offset into a moment. */
export interface TimeZone {
  /** `localMs` is the reading as if it were UTC; the result is milliseconds since the epoch. */
  toUtc(localMs: number): number;
}

const zones = new Map<string, TimeZone>();

/**
 * The zone of an IANA name (`Europe/Paris`) or an offset (`+01:00`, `-0330`, `Z`).
 * A reading that daylight saving repeats is its first occurrence, one that it skips is moved on by the skip.
 * @throws RangeError when the name is neither.
 */
export function timeZoneOf(name: string): TimeZone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const offsetMs = offsetOf(name);
  const zone = offsetMs === undefined ? ianaZone(name) : { toUtc: (localMs: number) => localMs - offsetMs };
  zones.set(name, zone);
  return zone;
}

/** Milliseconds east of Greenwich of `Z`, `+01:00` or `-0330`; undefined for anything else. */
export function offsetOf(text: string): number | undefined {
  if (text === 'Z' || text === 'z' || text === 'UTC') return 0;
  const parts = /^([+-])(\d\d):?(\d\d)$/.exec(text);
  if (parts === null) return undefined;
  const hours = Number(parts[2]);
  const minutes = Number(parts[3]);
  if (hours > 23 || minutes > 59) return undefined;
  return (parts[1] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function ianaZone(name: string): TimeZone {
  const format = longOffsetFormat(name);
  const offsetAt = (utcMs: number): number => offsetOf(/[+-]\d\d:\d\d/.exec(format.format(utcMs))?.[0] ?? 'Z') ?? 0;
  const halfDay = 12 * 3_600_000;
  return {
    toUtc(localMs) {
      const before = offsetAt(localMs - halfDay);
      const first = localMs - before;
      return offsetAt(first) === before ? first : localMs - settledOffset(localMs, before, offsetAt);
    },
  };
}

/** The offset after a change, unless the reading falls into the hour that the change skips. */
function settledOffset(localMs: number, before: number, offsetAt: (utcMs: number) => number): number {
  const after = offsetAt(localMs - before);
  return offsetAt(localMs - after) === after ? after : before;
}

function longOffsetFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch (cause) {
    const advice = 'Give an IANA name such as "Europe/Paris" or an offset such as "+01:00".';
    throw new RangeError(`The time zone "${timeZone}" is unknown. ${advice}`, { cause });
  }
}

/**
 * Milliseconds east of Greenwich by the abbreviations devices append to a stamp. Undefined stands for a name that is
 * known to be one but means several zones: the reading is then taken in the configured zone.
 */
export const ABBREVIATED_ZONES: ReadonlyMap<string, number | undefined> = new Map(
  Object.entries({
    ...{ UTC: 0, GMT: 0, UT: 0, Z: 0, WET: 0, WEST: 1, CET: 1, CEST: 2, MEZ: 1, MESZ: 2, EET: 2, EEST: 3, MSK: 3 },
    ...{ EST: -5, EDT: -4, CDT: -5, MST: -7, MDT: -6, PST: -8, PDT: -7, AKST: -9, AKDT: -8, HST: -10 },
    ...{ JST: 9, KST: 9, SGT: 8, HKT: 8, AEST: 10, AEDT: 11, ACST: 9.5, AWST: 8, NZST: 12, NZDT: 13, SAST: 2, BRT: -3 },
    ...{ CST: undefined, IST: undefined, BST: undefined, AST: undefined, ADT: undefined, GST: undefined },
  }).map(([name, hours]) => [name, hours === undefined ? undefined : hours * 3_600_000] as const),
);
