import { formatRfc5424, parseSyslog, toEcs } from '@distributary/syslog';
import { describe, expect, it } from 'vitest';

const options = { receivedAt: Date.parse('2026-11-23T10:00:30Z') };
const parse = (line: string) => parseSyslog(line, options);

describe('RFC 5424', () => {
  it('reads every field of a full line', () => {
    expect(
      parse(
        '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 111 ID47 [a@32473 iut="3"][b@1 c="d"] Text',
      ),
    ).toEqual({
      format: 'rfc5424',
      priority: 165,
      timestamp: Date.parse('2003-10-11T22:14:15.003Z'),
      hostname: 'mymachine.example.com',
      appName: 'evntslog',
      procId: '111',
      msgId: 'ID47',
      structuredData: [
        { id: 'a@32473', parameters: [['iut', '3']] },
        { id: 'b@1', parameters: [['c', 'd']] },
      ],
      message: 'Text',
      problems: [],
    });
  });

  it('leaves out what is nil', () => {
    expect(parse('<34>1 - - - - - -')).toEqual({ format: 'rfc5424', priority: 34, message: '', problems: [] });
  });

  it('unescapes quotes, backslashes and brackets, and keeps every other backslash', () => {
    const line = String.raw`<34>1 - h a - - [x q="\"" b="\\" k="\]" o="C:\temp" e="" q="twice"] m`;
    expect(parse(line).structuredData).toEqual([
      {
        id: 'x',
        parameters: [
          ['q', '"'],
          ['b', '\\'],
          ['k', ']'],
          ['o', 'C:\\temp'],
          ['e', ''],
          ['q', 'twice'],
        ],
      },
    ]);
    expect(toEcs(line, options).log.syslog.structured_data).toEqual({
      x: { q: ['"', 'twice'], b: '\\', k: ']', o: 'C:\\temp', e: '' },
    });
  });

  it('keeps a parameter called __proto__ as data', () => {
    const text = JSON.stringify(
      toEcs('<34>1 - h a - - [__proto__ __proto__="x"] m', options).log.syslog.structured_data,
    );
    expect(text).toBe('{"__proto__":{"__proto__":"x"}}');
  });

  it('takes the byte order mark off the message and nothing else', () => {
    expect(parse('<34>1 - h a - - - \ufeffgrün').message).toBe('grün');
    expect(parse('<34>1 - h a - - -  two spaces').message).toBe(' two spaces');
    expect(parse('<34>1 - h a - - - \ufeff\ufeffx').message).toBe('\ufeffx');
  });

  it.each([
    ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00.000Z'],
    ['2026-11-23T10:00:00.123456-08:00', '2026-11-23T18:00:00.123Z'],
    ['2026-11-23T23:59:59.9+14:00', '2026-11-23T09:59:59.900Z'],
  ])('reads the time %s', (stamp, time) => {
    expect(parse(`<34>1 ${stamp} h a - - - m`).timestamp).toBe(Date.parse(time));
  });

  it.each([
    '2026-02-30T10:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T10:00:60Z',
    'yesterday',
    '2026-11-23T10:00:00Zx',
  ])('says that %s is not a time', (stamp) => {
    const message = parse(`<34>1 ${stamp} h a - - - m`);
    expect(message).toMatchObject({ hostname: 'h', problems: [`The time stamp "${stamp}" is not a time.`] });
    expect(message.timestamp).toBeUndefined();
  });

  it.each(['[x', '[x a="1', '[x a="1"', '[x a=1]', '[x  ', '[x a="1"]y', '[]', 'x'])(
    'says where the structured data %s breaks off, and keeps the text',
    (data) => {
      const message = parse(`<34>1 - h a - - ${data} rest`);
      expect(message.format).toBe('rfc5424');
      expect(message.problems).toHaveLength(1);
      expect(message.problems[0]).toMatch(/^The structured data breaks off at character \d+ of the line\.$/);
      expect(message.message).toMatch(/rest$/);
    },
  );

  it('carries an ASA message', () => {
    const event = toEcs(
      '<166>1 2026-11-23T10:00:00Z fw-1 - - - - : %ASA-6-302016: Teardown UDP connection 1 for a:10.0.0.1/1 to b:10.0.0.2/2 duration 0:00:01 bytes 9',
      options,
    );
    expect(event).toMatchObject({ source: { ip: '10.0.0.1' }, observer: { name: 'fw-1' }, event: { code: '302016' } });
  });

  it.each([
    ['- - - <166>Nov 23 10:00:00 fw-1 : %ASA-6-611103: User logged out: Uname: admin', 'fw-1'],
    ['- - - \ufeffNov 23 2026 10:00:00 fw-1 : %ASA-6-611103: User logged out: Uname: admin', 'fw-1'],
    ['- - - Nov 23 2026 10:00:00: %ASA-6-611103: User logged out: Uname: admin', 'relay'],
  ])("takes an ASA's own header in a relay's for what it says: %s", (rest, name) => {
    const event = toEcs(`<166>1 2026-11-23T10:00:07Z relay asa ${rest}`, options);
    expect(event).toMatchObject({
      '@timestamp': '2026-11-23T10:00:00.000Z',
      log: { syslog: { appname: 'asa', hostname: name } },
      observer: { name },
      user: { name: 'admin' },
      message: 'User logged out: Uname: admin',
    });
  });

  it.each(['%ASA-6-611103', '%ASA-6-611103:'])('reads the tag that a relay took for an application: %s', (tag) => {
    const event = toEcs(`<166>1 2026-11-23T10:00:00Z fw-1 ${tag} - - - User logged out: Uname: admin`, options);
    expect(event).toMatchObject({ event: { code: '611103' }, user: { name: 'admin' } });
  });

  it('refuses to write what would be read differently', () => {
    expect(() => formatRfc5424({ hostname: 'two words', message: 'x' })).toThrow(/rfc5424: its .*hostname/);
    expect(() => formatRfc5424({ timestamp: 8e15, message: 'x' })).toThrow(RangeError);
    expect(() => formatRfc5424({ priority: 192, message: 'x' })).toThrow(RangeError);
  });
});

describe('the priority', () => {
  it.each([0, 13, 191])('gives facility and severity of %i', (priority) => {
    expect(toEcs(`<${priority}>Nov 23 10:00:00 h a: m`, options).log.syslog).toMatchObject({
      priority,
      facility: { code: Math.floor(priority / 8) },
      severity: { code: priority % 8 },
    });
  });

  it.each([
    ['<192>Nov 23 10:00:00 h a: m', 'The header is malformed: the priority 192 is above 191.'],
    ['<999>1 - h a - - - m', 'The header is malformed: the priority 999 is above 191.'],
    ['<1234>Nov 23 10:00:00 h a: m', 'The header is malformed: no priority follows the opening "<".'],
    ['<-1>Nov 23 10:00:00 h a: m', 'The header is malformed: no priority follows the opening "<".'],
    ['<>m', 'The header is malformed: no priority follows the opening "<".'],
  ])('of %s is malformed: the event says so and has none', (line, problem) => {
    const event = toEcs(line, options);
    expect(event.error?.message).toContain(problem);
    expect(event.log.syslog.priority).toBeUndefined();
    expect(event.event.original).toBe(line);
  });
});
