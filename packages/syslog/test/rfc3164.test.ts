import { formatRfc3164, parseSyslog, toEcs, toEcsJson } from '@distributary/syslog';
import { describe, expect, it } from 'vitest';

const receivedAt = Date.parse('2026-11-23T10:00:30Z');
const time = Date.parse('2026-11-23T10:00:00Z');
const asa = '%ASA-7-609001: Built local-host inside:10.1.2.3';

describe('RFC 3164', () => {
  it.each([
    ['Nov 23 10:00:00 host app[42]: text', { hostname: 'host', appName: 'app', procId: '42', message: 'text' }],
    ['Nov 23 10:00:00 host app: text', { hostname: 'host', appName: 'app', message: 'text' }],
    ['Nov 23 10:00:00 app[42]: text', { appName: 'app', procId: '42', message: 'text' }],
    [
      'Nov 23 10:00:00 10.0.0.1 app[a/b.1] text',
      { hostname: '10.0.0.1', appName: 'app', procId: 'a/b.1', message: 'text' },
    ],
    ['Nov 23 10:00:00 2001:db8::1 su: text', { hostname: '2001:db8::1', appName: 'su', message: 'text' }],
    ['Nov 23 10:00:00 host just words: here', { hostname: 'host', message: 'just words: here' }],
    ['Nov 23 10:00:00 host', { hostname: 'host', message: '' }],
    ['Mon Nov 23 11:00:00 CET 2026 host app: text', { hostname: 'host', appName: 'app', message: 'text' }],
    [' Nov 23 10:00:00 host app: text', { hostname: 'host', appName: 'app', message: 'text' }],
    ['2026-11-23T10:00:00.000Z host app: text', { hostname: 'host', appName: 'app', message: 'text' }],
    ['2026-11-23T11:00:00+01:00 host app: text', { hostname: 'host', appName: 'app', message: 'text' }],
  ])('reads <13>%s', (rest, fields) => {
    expect(parseSyslog(`<13>${rest}`, { receivedAt })).toEqual({
      format: 'rfc3164',
      priority: 13,
      timestamp: time,
      problems: [],
      ...fields,
    });
  });

  it.each(['\ufeff', '60 '])('reads a line behind %j', (front) => {
    const fields = { priority: 13, hostname: 'host', message: 'text', problems: [] };
    expect(parseSyslog(`${front}<13>Nov 23 10:00:00 host app: text`, { receivedAt })).toMatchObject(fields);
    expect(parseSyslog(`${front}<13>1 2026-11-23T10:00:00Z host app - - - text`, { receivedAt })).toMatchObject(fields);
  });

  it.each([
    ['Nov 23 10:00:00 fw-1 ', 'fw-1'],
    ['Nov 23 10:00:00 fw-1 : ', 'fw-1'],
    ['Nov 23 10:00:00 fw-1: ', 'fw-1'],
    ['Nov 23 2026 10:00:00 fw-1 : ', 'fw-1'],
    ['Nov 23 2026 10:00:00: ', undefined],
    ['Nov 23 10:00:00: ', undefined],
    [': Nov 23 10:00:00 UTC: ', undefined],
    ['Nov 23 10:00:00.000 UTC: ', undefined],
    ['Nov 23 2026 11:00:00 CET: ', undefined],
    ['Nov 23 05:00:00 EST: ', undefined],
    ['118: fw-1: *Nov 23 10:00:00.000: ', 'fw-1'],
    ['118: Nov 23 10:00:00: ', undefined],
    ['000118: .Nov 23 2026 10:00:00.000 UTC: ', undefined],
    ['2026-11-23T10:00:00Z fw-1 : ', 'fw-1'],
    ['2026-11-23T10:00:00.000+00:00 10.0.0.5 ', '10.0.0.5'],
    ['Nov 23 10:00:07 relay Nov 23 2026 10:00:00 fw-1 : ', 'fw-1'],
    ['Nov 23 10:00:00 2001:db8::5 : ', '2001:db8::5'],
    ['Mon Nov 23 10:00:00 2026 fw-1 ', 'fw-1'],
    ['2026 Nov 23 10:00:00 fw-1 ', 'fw-1'],
    [': 2026 Nov 23 10:00:00 UTC ccafa9b4-b48a-4156-b3af-de2d35e5f432 : ', 'ccafa9b4-b48a-4156-b3af-de2d35e5f432'],
    ['1 2026-11-23T10:00:00Z fw-1 ', 'fw-1'],
    ['Nov 23 10:00:07 relay <166>Nov 23 10:00:00 fw-1 : ', 'fw-1'],
    ['118: Nov 23 10:00:07 192.0.2.7 sw1: 119: Nov 23 2026 10:00:00.000 UTC: ', 'sw1'],
    ['Nov 23 10:00:07 192.0.2.7 585917: Nov 23 2026 10:00:00 UTC: ', '192.0.2.7'],
    ['Nov 23 10:00:07 [192.0.2.7.2.2] Nov 23 2026 10:00:00: ', '192.0.2.7'],
    ['Nov 23 10:00:00 192.0.2.7:514 : local7.info ', '192.0.2.7'],
    ['Nov 23 10:00:00 fw-1 local4.info ', 'fw-1'],
    ['2026-11-23 10:00:00\tLocal4.Warning\t192.0.2.7\t', '192.0.2.7'],
  ])('reads the header "%s" before a Cisco tag, with and without a priority', (header, hostname) => {
    for (const priority of ['', '<166>']) {
      const parsed = parseSyslog(`${priority}${header}${asa}`, { receivedAt });
      expect(parsed).toMatchObject({ format: 'rfc3164', timestamp: time, message: asa, problems: [] });
      expect(parsed.hostname).toBe(hostname);
      const event = toEcs(`${priority}${header}${asa}`, { receivedAt });
      expect(event).toMatchObject({ event: { code: '609001' }, source: { ip: '10.1.2.3' } });
      expect(event.observer?.name).toBe(hostname);
    }
  });

  it.each([
    ['%ASA-7-609001: ', 'asa', '609001', 7],
    ['%FTD-7-609001: ', 'ftd', '609001', 7],
    ['%PIX-7-609001: ', 'pix', '609001', 7],
    ['%FWSM-7-609001: ', 'fwsm', '609001', 7],
    ['%ASA-session-7-609001: ', 'asa', '609001', 7],
    ['%ASA--7-609001: ', 'asa', '609001', 7],
    ['%FTD<Up>-7-609001: ', 'ftd', '609001', 7],
    ['%NGIPS-7-609001: ', 'ftd', '609001', 7],
    ['%ASA-7-609001 ', 'asa', '609001', 7],
    ['ASA-7-609001: ', 'asa', '609001', 7],
    ['609001: ', 'asa', '609001', undefined],
  ])('reads the tag %s without any other header', (tag, product, code, severity) => {
    const event = toEcs(`${tag}Built local-host inside:10.1.2.3`, { receivedAt });
    expect(event.event).toMatchObject({ code, dataset: `cisco.${product}` });
    expect(event.event.severity).toBe(severity);
    expect(event.source).toEqual({ ip: '10.1.2.3' });
    expect(event['@timestamp']).toBe('2026-11-23T10:00:30.000Z');
  });

  it('reads the message of a router or switch by its mnemonic', () => {
    const line =
      '<189>118: sw1: *Nov 23 10:00:00.000: %LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/0, changed state';
    expect(toEcs(line, { receivedAt })).toMatchObject({
      event: { code: 'LINEPROTO-5-UPDOWN', severity: 5, dataset: 'cisco.ios' },
      observer: { vendor: 'Cisco', product: 'ios', name: 'sw1' },
      message: 'Line protocol on Interface Gi0/0, changed state',
    });
  });

  it.each(['2y10w', '1d03h', '00:00:36'])(
    'takes %s, how long a router is up, for neither its name nor a time',
    (uptime) => {
      const event = toEcs(`<189>119: sw1: 118: ${uptime}: %SYS-5-RESTART: System restarted`, { receivedAt });
      expect(event.observer?.name).toBe('sw1');
      expect(event['@timestamp']).toBe('2026-11-23T10:00:30.000Z');
    },
  );

  it.each([
    ['2026-12-31T23:59:50Z', 'Jan  1 00:00:05', '2027-01-01T00:00:05Z'],
    ['2027-01-01T00:00:10Z', 'Dec 31 23:59:58', '2026-12-31T23:59:58Z'],
    ['2027-01-01T00:00:10Z', 'Jan  1 00:00:09', '2027-01-01T00:00:09Z'],
    ['2028-01-15T00:00:00Z', 'Feb 29 12:00:00', '2028-02-29T12:00:00Z'],
    ['2026-11-23T10:00:30Z', 'Jun  1 00:00:00', '2026-06-01T00:00:00Z'],
    ['2026-11-23T10:00:30Z', 'May  1 00:00:00', '2027-05-01T00:00:00Z'],
  ])('received at %s gives %s the year that puts it nearest', (received, stamp, expected) => {
    const options = { receivedAt: Date.parse(received) };
    expect(parseSyslog(`<13>${stamp} h a: m`, options).timestamp).toBe(Date.parse(expected));
    const fast = `<166>${stamp} fw %ASA-6-305011: Built dynamic TCP translation from a:10.0.0.1/1 to b:10.0.0.2/2`;
    expect(JSON.parse(toEcsJson(fast, options))['@timestamp']).toBe(new Date(expected).toISOString());
  });

  it.each([
    [undefined, '2026-11-23T10:00:00Z'],
    ['+01:00', '2026-11-23T09:00:00Z'],
    ['-0330', '2026-11-23T13:30:00Z'],
    ['Europe/Paris', '2026-11-23T09:00:00Z'],
    ['America/New_York', '2026-11-23T15:00:00Z'],
    ['Asia/Kathmandu', '2026-11-23T04:15:00Z'],
  ])('takes a stamp without a zone to be in %s', (timeZone, expected) => {
    const options = timeZone === undefined ? { receivedAt } : { receivedAt, timeZone };
    for (const stamp of ['Nov 23 10:00:00', 'Nov 23 2026 10:00:00', '2026-11-23T10:00:00']) {
      expect(parseSyslog(`<13>${stamp} h a: m`, options).timestamp).toBe(Date.parse(expected));
    }
    expect(parseSyslog('<13>2026-11-23T10:00:00Z h a: m', options).timestamp).toBe(time);
  });

  it('gives a reading that daylight saving repeats its first occurrence, and moves on one that it skips', () => {
    const options = { receivedAt: Date.parse('2026-10-25T00:00:00Z'), timeZone: 'Europe/Paris' };
    expect(parseSyslog('<13>Oct 25 02:30:00 h a: m', options).timestamp).toBe(Date.parse('2026-10-25T00:30:00Z'));
    expect(parseSyslog('<13>Mar 29 02:30:00 2026 h a: m', options).timestamp).toBe(Date.parse('2026-03-29T01:30:00Z'));
  });

  it('throws for a time zone that does not exist, and says what to give', () => {
    for (const parse of [parseSyslog, toEcs, toEcsJson]) {
      expect(() => parse('<13>x', { receivedAt, timeZone: 'Mars/Olympus' })).toThrow(
        /"Mars\/Olympus" is unknown\. Give an IANA name/,
      );
    }
  });

  it.each(['Nov 31 10:00:00', 'Feb 29 2025 10:00:00', 'Nov 23 25:00:00', 'Nov 23 10:61:00'])(
    'says that %s is not a time, and takes the time of receipt',
    (stamp) => {
      const event = toEcs(`<13>${stamp} h a: m`, { receivedAt });
      expect(event.error?.message).toBe(`The time stamp "${stamp}" is not a time.`);
      expect(event['@timestamp']).toBe('2026-11-23T10:00:30.000Z');
    },
  );

  it.each([
    ['', 'The line has no syslog header.'],
    ['hello world', 'The line has no syslog header.'],
    ['{"json":true}', 'The line has no syslog header.'],
    ['<13>hello', 'The line has no time stamp after its priority.'],
    ['<13>', 'The line has no time stamp after its priority.'],
  ])('makes an event of "%s" that says: %s', (line, problem) => {
    const event = toEcs(line, { receivedAt });
    expect(event).toMatchObject({ event: { original: line, dataset: 'syslog' }, error: { message: problem } });
  });

  it('refuses to write what would be read differently', () => {
    expect(() => formatRfc3164({ timestamp: time, hostname: 'CET', message: 'x' })).toThrow(
      /rfc3164: its timestamp, hostname, message would be read differently/,
    );
    expect(() => formatRfc3164({ timestamp: time, hostname: 'a b', message: 'x' })).toThrow(RangeError);
    expect(() => formatRfc3164({ timestamp: time, hostname: 'h', appName: 'a:b', message: 'x' })).toThrow(RangeError);
  });
});
