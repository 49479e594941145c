import { toEcs } from '@distributary/syslog';
import { describe, expect, it } from 'vitest';

const receivedAt = Date.parse('2026-11-23T10:00:30Z');

function related(text: string): readonly string[] {
  return toEcs(`<166>Nov 23 10:00:00 fw-1 ${text}`, { receivedAt }).related?.ip ?? [];
}

describe('related.ip', () => {
  it.each([
    ['app: 10.0.0.1', ['10.0.0.1']],
    ['app: from 10.0.0.1, to 10.0.0.2.', ['10.0.0.1', '10.0.0.2']],
    [
      'app: (10.0.0.1) [10.0.0.2] <10.0.0.3> "10.0.0.4" \'10.0.0.5\' {10.0.0.6}',
      [1, 2, 3, 4, 5, 6].map((n) => `10.0.0.${n}`),
    ],
    ['app: 10.0.0.1:443 inside:10.0.0.2/80 ip=10.0.0.3;10.0.0.4', [1, 2, 3, 4].map((n) => `10.0.0.${n}`)],
    ['app: pool 10.0.0.1-10.0.0.9', ['10.0.0.1', '10.0.0.9']],
    ['app: user@10.0.0.1 http://10.0.0.2/x https://10.0.0.3:8443/', ['10.0.0.1', '10.0.0.2', '10.0.0.3']],
    ['app: route 10.0.0.0/8', ['10.0.0.0']],
    ['app: 10.0.0.0 255.255.255.0 via 10.0.0.1', ['10.0.0.0', '10.0.0.1']],
    ['app: network 10.0.0.0 mask 255.255.0.0', ['10.0.0.0']],
    ['app: broadcast to 255.255.255.255', ['255.255.255.255']],
    ['app: 2001:db8::1 and fe80::1%eth0, [2001:db8::2]:443', ['2001:db8::1', 'fe80::1', '2001:db8::2']],
    ['app: outside:2001:db8::1/443', ['2001:db8::1']],
    ['app: ::ffff:10.0.0.1 seen', ['::ffff:10.0.0.1']],
    ['app: 2001:db8:0:1:2:3:4:5 end', ['2001:db8:0:1:2:3:4:5']],
    ['app: ::1', ['::1']],
    ['app: Remote:2001:db8::2:50470 and ff02::1 to ff02::1:2', ['2001:db8::2', 'ff02::1', 'ff02::1:2']],
    [
      '%ASA-5-750002: Local:10.0.0.1:500 Remote:10.0.0.2:500 Username:admin Received a IKE_INIT_SA request',
      ['10.0.0.1', '10.0.0.2'],
    ],
    [
      '%ASA-6-602303: IPSEC: An outbound SA (SPI= 0xF81283) between 10.0.0.1 and 10.0.0.2 (user= admin) has been created.',
      ['10.0.0.1', '10.0.0.2'],
    ],
    ['%ASA-1-999999: something new at 10.0.0.7 happened', ['10.0.0.7']],
    ['%LINK-3-UPDOWN: neighbor 10.0.0.8 down', ['10.0.0.8']],
  ])('of "%s" holds %j', (text, expected) => {
    expect(related(text)).toEqual(expected);
  });

  it.each([
    'app: object 1.2.3.4.5 and 999.1.1.1 and 1.2.3 and 256.0.0.1',
    'app: version 9.8.4.20 and v1.2.3.4, firmware: 10.0.0.1, AnyConnect/4.10.5.95 release 1.2.3.4',
    'app: Windows-Update-Agent/10.0.10.1 Microsoft-CryptoAPI/10.0.0.1 in OSPF area 0.0.0.1',
    'app: at 10:20:30 and 10:20:30.123 on 2026:11:23:10:00:00',
    'app: mac 00:11:22:33:44:55 and 0011.2233.4455 and 00-11-22-33-44-55',
    'app: eui 00:11:22:33:44:55:66:77',
    'app: x10.0.0.1y host-10.0.0.1.example.com 10.0.0.1.example.com a10.0.0.1',
    'app: std::vector a::b Foo::Bar ::',
    'app: 01.02.03.04 and 10.0.0.1e3 and 1,2.3.4',
    'app: serial 12345.1.1.1 and 1.1.1.12345 and ratio 1.5:2.5',
    'app: duration 0:00:30 bytes 12:34:56:78',
    'app: netmask 255.255.255.0 wildcard mask 0.0.0.255',
  ])('takes nothing in "%s" for an address', (text) => {
    expect(related(text)).toEqual([]);
  });

  it('holds each address once, those of the connection first', () => {
    const text = '%ASA-6-605005: Login permitted from 10.0.0.9/6651 to inside:10.0.0.1/ssh for user "10.0.0.9"';
    expect(related(text)).toEqual(['10.0.0.9', '10.0.0.1']);
  });

  it('holds the address of a device that has no name', () => {
    const event = toEcs('<166>Nov 23 10:00:00 10.9.9.9 %ASA-6-611103: User logged out: Uname: admin', { receivedAt });
    expect(event.observer).toMatchObject({ name: '10.9.9.9', ip: ['10.9.9.9'] });
    expect(event.related?.ip).toEqual(['10.9.9.9']);
  });
});
