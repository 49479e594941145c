import { readFileSync } from 'node:fs';
import { toEcs } from '@distributary/syslog';
import { describe, expect, it } from 'vitest';

interface Fixture {
  readonly pattern: string;
  readonly line: string;
  readonly expect: object;
}

/** No TCP port has this number: the event names it in `error.message` and leaves the field out. */
const NOT_BELIEVED = 'destination.port=123412';

const fixtures: readonly Fixture[] = readFileSync(new URL('fixtures/patterns-core.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((text) => JSON.parse(text) as Fixture);

const results = fixtures.map((fixture) => {
  const line = asSent(fixture);
  const event = toEcs(line, { receivedAt: Date.parse('2026-11-23T10:00:00Z') });
  const actual = new Set(leaves(event));
  const expected = leaves(fixture.expect);
  return { ...fixture, line, event, expected, missing: expected.filter((leaf) => !actual.has(leaf)) };
});

describe('the lines of logstash-patterns-core', () => {
  it('give at least 95 % of the expected fields, and all that can be believed', () => {
    const byPattern = new Map<string, { matched: number; expected: number }>();
    for (const { pattern, expected, missing } of results) {
      const row = byPattern.get(pattern) ?? { matched: 0, expected: 0 };
      byPattern.set(pattern, {
        matched: row.matched + expected.length - missing.length,
        expected: row.expected + expected.length,
      });
    }
    const rows = [...byPattern].map(([pattern, { matched, expected }]) => `${pattern}: ${matched} of ${expected}`);
    const expected = results.flatMap((result) => result.expected).length;
    const missing = results.flatMap((result) => result.missing);
    const share = 1 - missing.length / expected;
    console.log([...rows, `${(share * 100).toFixed(1)} % of ${expected} expected fields`].join('\n'));
    expect(expected).toBeGreaterThan(40);
    expect(share).toBeGreaterThanOrEqual(0.95);
    expect(missing).toEqual([NOT_BELIEVED]);
  });

  it.each(results)('are kept in event.original and read without complaint: $line', ({ line, event, missing }) => {
    expect(event.event.original).toBe(line);
    expect(event.error?.message).toBe(
      missing.includes(NOT_BELIEVED) ? 'The destination port 123412 is above 65535.' : undefined,
    );
  });
});

/** Some fixtures lack the header or the tag: they are wrapped as a firewall would send them. */
function asSent({ pattern, line }: Fixture): string {
  if (/^<\d+>|^\d\|/.test(line)) return line;
  const header = '<166>Nov 23 10:00:00 fw-1 ';
  if (line.startsWith('ASA-')) return `${header}%${line}`;
  if (/^\d{6}: /.test(line)) return `${header}%ASA-6-${line}`;
  return `${header}%ASA-6-${/\d{6}/.exec(pattern)?.[0]}: ${line}`;
}

function leaves(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return [`${path.join('.')}=${value}`];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]));
}
