import { FACILITIES, type FacilityName } from './facility.ts';
import type { Route } from './line-batch.ts';

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const ZERO = 0x30;

/** Finds a line's stream by the facility in its `<PRI>`; undefined when no route names that or there is none. */
export function routeByFacility(routes: ReadonlyMap<FacilityName, string>): Route {
  const streams = FACILITIES.map((facility) => routes.get(facility));
  return (bytes, from) => {
    const facility = facilityAt(bytes, from);
    return facility === undefined ? undefined : streams[facility];
  };
}

/** The number of the facility, when the bytes there begin with `<0>` to `<191>` (RFC 5424, section 6.2.1). */
function facilityAt(bytes: Buffer, from: number): number | undefined {
  if (bytes[from] !== LESS_THAN) return undefined;
  let priority = 0;
  for (let at = from + 1; at <= from + 4; at++) {
    const byte = bytes[at];
    if (byte === GREATER_THAN && at > from + 1) return priority <= 191 ? priority >> 3 : undefined;
    if (byte === undefined || byte < ZERO || byte > ZERO + 9) return undefined;
    priority = priority * 10 + byte - ZERO;
  }
  return undefined;
}
