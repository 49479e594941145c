import { toEcs, toEcsJson } from '@distributary/syslog';
import { describe, expect, it } from 'vitest';

const receivedAt = Date.parse('2026-11-23T10:00:30Z');

const BODIES: readonly ((port: string, ip: string) => string)[] = [
  (port, ip) => `6-106015: Deny TCP (no connection) from ${ip}/${port} to 10.0.0.2/2 flags FIN PSH ACK  on interface a`,
  (port, ip) => `6-106015: Deny TCP (no connection) from 10.0.0.1/1 to ${ip}/${port} flags RST on interface a`,
  (port, ip) => `4-106023: Deny tcp src a:${ip}/${port} dst b:10.0.0.2/1 by access-group "x"`,
  (port, ip) => `4-106023: Deny udp src a:10.0.0.1/1 dst b:${ip}/${port} by access-group "x" [0x0, 0x0]`,
  (port, ip) =>
    `6-302013: Built inbound TCP connection 1 for a:10.0.0.1/1 (${ip}/${port}) to b:10.0.0.2/2 (10.0.0.2/2)`,
  (port, ip) =>
    `6-302015: Built outbound UDP connection 1 for a:10.0.0.1/1 (10.0.0.1/1) to b:10.0.0.2/2 (${ip}/${port})`,
  (port, ip) =>
    `6-302014: Teardown TCP connection 1 for a:${ip}/${port} to b:10.0.0.2/2 duration 0:00:01 bytes 5 TCP FINs`,
  (port, ip) => `6-302016: Teardown UDP connection 1 for a:10.0.0.1/1 to b:${ip}/${port} duration 92:24:20 bytes 0`,
  (port, ip) => `6-305011: Built dynamic TCP translation from a:${ip}/${port} to b:10.0.0.2/2`,
  (port, ip) => `6-305012: Teardown static UDP translation from a:10.0.0.1/1 to b:${ip}/${port} duration 0:00:30`,
];

describe('the direct way to JSON text agrees with the event', () => {
  it.each(['0', '9', '65535', '65536', '99999', '00080', '100000', ''])('for the port "%s"', (port) => {
    for (const body of BODIES) agree(`<166>Nov 23 10:00:00 fw-1 %ASA-${body(port, '203.0.113.4')}`);
  });

  it.each([
    '10.0.0.1',
    '10.0.0.2',
    '0.0.0.0',
    '255.255.255.255',
    '255.255.255.0',
    '256.1.1.1',
    '01.1.1.1',
    '1.2.3',
    '::1',
  ])('for the address %s', (ip) => {
    for (const body of BODIES) agree(`<166>Nov 23 10:00:00 fw-1 %ASA-${body('443', ip)}`);
  });

  it.each([
    'fw-1',
    'CET',
    'IST',
    'Z',
    '10.0.0.1',
    '255.255.255.0',
    '1.2.3.4.5',
    'a.b',
    '2026',
    'fw:',
    'fwé',
    'fw"',
    'Nov',
  ])('for the device %s', (host) => {
    for (const body of BODIES) agree(`<166>Nov 23 10:00:00 ${host} %ASA-${body('443', '203.0.113.4')}`);
  });

  it.each([
    'Nov 23 10:00:00',
    'Nov  3 10:00:00',
    'Nov 03 10:00:00',
    'Nov 31 10:00:00',
    'Feb 29 10:00:00',
    'Nov 23 24:00:00',
  ])('for the stamp %s', (stamp) => {
    for (const body of BODIES) agree(`<166>${stamp} fw-1 %ASA-${body('443', '203.0.113.4')}`);
  });

  it.each(['<0>', '<191>', '<192>', '<016>', '<1000>', ''])('for the priority %s', (priority) => {
    for (const body of BODIES) agree(`${priority}Nov 23 10:00:00 fw-1 %ASA-${body('443', '203.0.113.4')}`);
  });

  it.each(['', ' ', '\n', '\r\n', '\t', '"', '\\', ' (alice)', ' TCP Reset-O from b', ' x-', ' '.repeat(300)])(
    'for the end %j',
    (end) => {
      for (const body of BODIES) agree(`<166>Nov 23 10:00:00 fw-1 %ASA-${body('443', '203.0.113.4')}${end}`);
    },
  );
});

function agree(line: string): void {
  expect(JSON.parse(toEcsJson(line, { receivedAt }))).toEqual(toEcs(line, { receivedAt }));
}
