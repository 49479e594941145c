import {
  asa106023Line,
  asaLines,
  formatRfc3164,
  formatRfc5424,
  parseSyslog,
  type SyslogContent,
  toEcs,
  toEcsJson,
} from '@distributary/syslog';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DENIAL_LINES, SESSION_LINES, TRAFFIC_LINES, VARIANT_LINES } from './asa-known-lines.ts';

const receivedAt = Date.parse('2026-11-23T10:00:30Z');
const options = { receivedAt };

const known = [...TRAFFIC_LINES, ...DENIAL_LINES, ...SESSION_LINES, ...VARIANT_LINES].map(
  ([text]) => `<166>Nov 23 10:00:00 fw-1 %ASA-${text}`,
);
const generated = fc.integer().map((seed) => asaLines({ seed, now: () => receivedAt }).next().value);
const uniform = fc.nat(1e6).map(asa106023Line);
const asaLine = fc.oneof({ weight: 3, arbitrary: generated }, uniform, fc.constantFrom(...known));

const header = fc
  .tuple(
    fc.constantFrom('', '<166>', '<0>', '<191>', '<192>', '<016>', '<999>'),
    fc.constantFrom(
      ...[
        'Nov 23 10:00:00',
        'Nov  3 10:00:00',
        'Nov 03 10:00:00',
        'Nov 31 10:00:00',
        'Feb 29 23:59:59',
        'Nov 23 24:00:00',
      ],
      ...[
        'Nov 23 10:00:00.123',
        'Nov 23 2026 10:00:00',
        '2026-11-23T10:00:00Z',
        '*Nov 23 10:00:00',
        'Jun  1 00:00:00',
        '',
      ],
    ),
    fc.constantFrom(
      ...[
        'fw-1',
        'fw-1:',
        'fw-1 :',
        'CET',
        'IST',
        'Z',
        '10.0.0.5',
        '255.255.255.0',
        '0.0.0.255',
        '203.0.113.7',
        '2026',
        'a.b.c',
      ],
      ...[
        '2001:db8::1',
        'fw"1',
        'fwé',
        '1.2.3.4.5',
        'version',
        '10.0.0.5:',
        'Nov',
        '-',
        '%',
        'v1.2.3.4',
        'mask',
        '001.2.3.4',
        '',
      ],
    ),
  )
  .map((parts) => parts.join(' ').replace('> ', '>'));

const piece = fc.constantFrom(
  ...[
    '(',
    ')',
    '[',
    ']',
    '"',
    "'",
    '\\',
    '/',
    ':',
    ' ',
    '  ',
    '%',
    '<',
    '>',
    ',',
    '\n',
    '\t',
    '\0',
    '\ufeff',
    'é',
    '\ud800',
    '🙂',
  ],
  ...[
    '0',
    '00',
    '65536',
    '99999',
    '-',
    'Z',
    '10.0.0.1',
    '255.255.255.0',
    '2001:db8::1',
    'fe80::1%eth0',
    '(LOCAL\\alice)',
    '(1:tag)',
  ],
  ...[
    ' (',
    'inside:',
    'version ',
    'mask ',
    ' from ',
    'type 8, code 0',
    'TCP',
    'udp',
    'constructor',
    '__proto__',
    'NP Identity Ifc:',
  ],
);
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat(12),
  insert: fc.option(piece, { nil: '' }),
});

/** Lines as devices send them, mostly mutated: characters removed, inserted and replaced, other headers. */
const mutated = fc
  .tuple(asaLine, fc.array(edit, { maxLength: 3 }), fc.option(header, { nil: undefined, freq: 3 }))
  .map(([line, edits, otherHeader]) => {
    const tag = line.indexOf('%');
    const start = otherHeader === undefined ? line : `${otherHeader} ${line.slice(tag)}`;
    return edits.reduce((text, { at, remove, insert }) => {
      const index = Math.floor(at * text.length);
      return text.slice(0, index) + insert + text.slice(index + remove);
    }, start);
  });

const zone = fc.constantFrom('UTC', '+01:00', 'Europe/Paris', 'America/New_York');
const anyLine = fc.oneof(
  mutated,
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
);

describe('for any line', () => {
  it('nothing throws, the line survives, and the event serialises', () => {
    fc.assert(
      fc.property(anyLine, fc.oneof(fc.constant(receivedAt), fc.double()), zone, (line, received, timeZone) => {
        const event = toEcs(line, { receivedAt: received, timeZone });
        expect(event.event.original).toBe(line);
        expect(line.endsWith(event.message)).toBe(true);
        expect(new Date(event['@timestamp']).toISOString()).toBe(event['@timestamp']);
        expect(JSON.parse(JSON.stringify(event))).toEqual(event);
      }),
      { numRuns: 4000 },
    );
  });

  it('the text of toEcsJson is the event of toEcs', () => {
    fc.assert(
      fc.property(anyLine, zone, (line, timeZone) => {
        expect(JSON.parse(toEcsJson(line, { receivedAt, timeZone }))).toEqual(toEcs(line, { receivedAt, timeZone }));
      }),
      { numRuns: 20_000 },
    );
  });

  it('the text of toEcsJson is the event of toEcs when a single character differs from a common line', () => {
    fc.assert(
      fc.property(generated, fc.nat(400), piece, fc.constantFrom(0, 1), (line, at, insert, remove) => {
        const index = at % (line.length + 1);
        const changed = line.slice(0, index) + insert + line.slice(index + remove);
        expect(JSON.parse(toEcsJson(changed, options))).toEqual(toEcs(changed, options));
      }),
      { numRuns: 20_000 },
    );
  });

  it('every address of a generated line is in related.ip, with no member of another kind', () => {
    fc.assert(
      fc.property(fc.oneof(generated, uniform), (line) => {
        const expected = new Set(line.match(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g));
        expect(new Set(toEcs(line, options).related?.ip)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

const printable = (maxLength: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[!-~]{1,${maxLength}}$`)).filter((text) => text !== '-');
const name = fc.stringMatching(/^[!#-<>-Z^-~]{1,32}$/);
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const content = fc
  .record({
    priority: fc.nat(191),
    timestamp: optional(fc.integer({ min: 0, max: Date.parse('9999-01-01') })),
    hostname: optional(printable(255)),
    appName: optional(printable(48)),
    procId: optional(printable(128)),
    msgId: optional(printable(32)),
    structuredData: optional(
      fc.array(
        fc.record(
          {
            id: name,
            parameters: fc.array(
              fc.tuple(name, fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^["\\\]a]{0,8}$/))),
            ),
          },
          { noNullPrototype: true },
        ),
        { minLength: 1, maxLength: 3 },
      ),
    ),
    message: fc.string({ unit: 'binary' }),
  })
  .map(
    (fields) =>
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as SyslogContent,
  );

describe('formatting and parsing', () => {
  it('is the identity for RFC 5424', () => {
    fc.assert(
      fc.property(content, (given) => {
        const { problems, format, ...parsed } = parseSyslog(formatRfc5424(given), options);
        expect({ problems, format }).toEqual({ problems: [], format: 'rfc5424' });
        expect(parsed).toEqual(given);
      }),
      { numRuns: 3000 },
    );
  });

  it('is the identity for RFC 3164, or refuses', () => {
    let written = 0;
    fc.assert(
      fc.property(
        fc.record({
          priority: fc.nat(191),
          timestamp: fc.integer({ min: -15e9, max: 15e9 }).map((distance) => receivedAt + distance),
          hostname: fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/),
          appName: fc.stringMatching(/^[a-z]{1,12}$/),
          procId: fc.nat(99_999).map(String),
          message: fc.oneof(fc.string(), fc.string({ unit: 'binary' })),
        }),
        (given) => {
          const line = attempt(() => formatRfc3164(given));
          if (line === undefined) return;
          written++;
          const { problems, format, ...parsed } = parseSyslog(line, options);
          expect({ problems, format }).toEqual({ problems: [], format: 'rfc3164' });
          expect(parsed).toEqual({ ...given, timestamp: Math.floor(given.timestamp / 1000) * 1000 });
        },
      ),
      { numRuns: 2000 },
    );
    expect(written).toBeGreaterThan(1900);
  });
});

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
