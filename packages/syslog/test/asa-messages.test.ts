import { toEcs } from '@distributary/syslog';
import { describe, expect, it } from 'vitest';
import { DENIAL_LINES, type KnownLine, SESSION_LINES, TRAFFIC_LINES, VARIANT_LINES } from './asa-known-lines.ts';
import { PEOPLE_LINES, RARER_LINES, TUNNEL_LINES } from './asa-rarer-lines.ts';
import { fieldsOf } from './fields.ts';

const receivedAt = Date.parse('2026-11-23T10:00:30Z');

describe.each([
  ['connections and translations', TRAFFIC_LINES],
  ['denials and threats', DENIAL_LINES],
  ['people and sessions', SESSION_LINES],
  ['users, tags, IPv6, host names, odd interfaces', VARIANT_LINES],
  ['rarer spellings', RARER_LINES],
  ['rarer spellings of people and sessions', PEOPLE_LINES],
  ['tunnels', TUNNEL_LINES],
])('ASA messages: %s', (_, lines: readonly KnownLine[]) => {
  it.each(lines.map((line) => ({ line: line[0], fields: line[1] })))('$line', ({ line, fields }) => {
    const original = `<166>Nov 23 10:00:00 fw-1 %ASA-${line}`;
    const event = toEcs(original, { receivedAt });
    const actual = fieldsOf(event);
    const expected = Object.entries(fields);
    expect(Object.fromEntries(expected.map(([name]) => [name, actual[name]]))).toEqual(fields);
    expect(event.error).toBeUndefined();
    expect(event.event.original).toBe(original);
    expect(event.event.code).toBe(line.slice(2, 8));
    expect(event.message).toBe(line.slice(line.indexOf(' ') + 1));
  });
});
