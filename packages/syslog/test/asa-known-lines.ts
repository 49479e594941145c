import type { Fields } from './fields.ts';

/** A message as an ASA prints it behind `%ASA-`, and fields it must give; undefined stands for a field left out. */
export type KnownLine = readonly [text: string, fields: Fields];

const side = (name: 'source' | 'destination', ip: string, port?: number): Fields => ({
  [`${name}.ip`]: ip,
  [`${name}.port`]: port,
});
export const source = (ip: string, port?: number): Fields => side('source', ip, port);
export const destination = (ip: string, port?: number): Fields => side('destination', ip, port);
export const sourceNat = (ip: string, port?: number): Fields => ({ 'source.nat.ip': ip, 'source.nat.port': port });
export const destinationNat = (ip: string, port?: number): Fields => ({
  'destination.nat.ip': ip,
  'destination.nat.port': port,
});
export const interfaces = (ingress: string | undefined, egress: string | undefined): Fields => ({
  'observer.ingress.interface.name': ingress,
  'observer.egress.interface.name': egress,
});
export const related = (...ip: string[]): Fields => ({ 'related.ip': ip });

export const TRAFFIC_LINES: readonly KnownLine[] = [
  [
    '6-302013: Built inbound TCP connection 201 for outside:203.0.113.7/40001 (203.0.113.7/40001) to dmz:10.1.0.5/443 (198.51.100.9/443)',
    {
      ...source('203.0.113.7', 40001),
      ...sourceNat('203.0.113.7', 40001),
      ...destination('10.1.0.5', 443),
      ...destinationNat('198.51.100.9', 443),
      ...interfaces('outside', 'dmz'),
      'network.transport': 'tcp',
      'network.iana_number': '6',
      'network.type': 'ipv4',
      'network.direction': 'inbound',
      'cisco.asa.connection_id': '201',
      'event.action': 'flow-creation',
      'event.category': ['network'],
      'event.type': ['connection', 'start', 'allowed'],
      'event.outcome': 'success',
      'event.severity': 6,
      ...related('203.0.113.7', '10.1.0.5', '198.51.100.9'),
    },
  ],
  [
    '6-302014: Teardown TCP connection 201 for outside:203.0.113.7/40001 to dmz:10.1.0.5/443 duration 1:02:03 bytes 4711 TCP FINs from outside',
    {
      ...source('203.0.113.7', 40001),
      ...destination('10.1.0.5', 443),
      ...interfaces('outside', 'dmz'),
      'network.bytes': 4711,
      'event.duration': 3_723e9,
      'event.reason': 'TCP FINs from outside',
      'event.type': ['connection', 'end'],
    },
  ],
  [
    '6-302015: Built outbound UDP connection 202 for outside:203.0.113.53/53 (203.0.113.53/53) to inside:10.1.2.3/5353 (198.51.100.7/5353)',
    {
      ...source('203.0.113.53', 53),
      ...destinationNat('198.51.100.7', 5353),
      'network.transport': 'udp',
      'network.direction': 'outbound',
    },
  ],
  [
    '6-302016: Teardown UDP connection 202 for outside:203.0.113.53/53 to inside:10.1.2.3/5353 duration 92:24:20 bytes 96',
    { ...destination('10.1.2.3', 5353), 'event.duration': 332_660e9, 'network.bytes': 96, 'event.reason': undefined },
  ],
  [
    '6-302020: Built inbound ICMP connection for faddr 203.0.113.9/1 gaddr 198.51.100.7/0 laddr 10.1.2.3/0 type 8 code 0',
    {
      ...source('10.1.2.3'),
      ...sourceNat('198.51.100.7'),
      ...destination('203.0.113.9'),
      'network.transport': 'icmp',
      'network.direction': 'inbound',
      'cisco.asa.icmp_type': 8,
      'cisco.asa.icmp_code': 0,
    },
  ],
  [
    '6-302021: Teardown ICMP connection for faddr 203.0.113.9/1 gaddr 198.51.100.7/0 laddr 10.1.2.3/0 type 8 code 0 ',
    { ...source('10.1.2.3'), ...destination('203.0.113.9'), 'cisco.asa.icmp_type': 8 },
  ],
  [
    '6-302022: Built director stub TCP connection for inside:10.1.2.3/38540 (198.51.100.7/38540) to dmz:10.1.0.5/443 (10.1.0.5/443)',
    { ...source('10.1.2.3', 38540), ...destination('10.1.0.5', 443), 'event.action': 'flow-creation' },
  ],
  [
    '6-302023: Teardown stub TCP connection for inside:10.1.2.3/38540 to unknown:10.1.0.5/443 duration 0:00:01 forwarded bytes 12 Cluster flow with CLU closed on owner',
    {
      ...source('10.1.2.3', 38540),
      'event.duration': 1e9,
      'network.bytes': 12,
      'event.reason': 'Cluster flow with CLU closed on owner',
    },
  ],
  [
    '6-302304: Teardown TCP state-bypass connection 77 from inside:10.1.2.3/54242 to dmz:10.1.0.5/9101 duration 1:00:02 bytes 245 Connection timeout',
    { ...source('10.1.2.3', 54242), ...destination('10.1.0.5', 9101), 'event.reason': 'Connection timeout' },
  ],
  [
    '6-303002: FTP connection from inside:10.1.2.3/63656 to dmz:10.1.0.6/21, user ftpuser Stored file /in/tmp.log',
    { ...source('10.1.2.3', 63656), ...destination('10.1.0.6', 21), 'user.name': 'ftpuser' },
  ],
  [
    '6-305011: Built dynamic TCP translation from inside:10.1.2.3/1772 to outside:198.51.100.7/8256',
    {
      ...source('10.1.2.3', 1772),
      ...sourceNat('198.51.100.7', 8256),
      ...destination('198.51.100.7', 8256),
      'event.action': 'translation-created',
    },
  ],
  [
    '6-305011: Built dynamic UDP translation from inside(NAT_ACL):10.1.2.3/1772 to outside:198.51.100.7/8256',
    { ...source('10.1.2.3', 1772), ...interfaces('inside', 'outside'), 'rule.name': 'NAT_ACL' },
  ],
  [
    '6-305012: Teardown dynamic UDP translation from inside:10.1.2.3/1772 to outside:198.51.100.7/8256 duration 0:00:31',
    { ...source('10.1.2.3', 1772), ...sourceNat('198.51.100.7', 8256), 'event.duration': 31e9 },
  ],
  [
    '7-609001: Built local-host inside:10.1.2.3',
    { ...source('10.1.2.3'), ...interfaces('inside', undefined), 'event.action': 'host-added' },
  ],
  [
    '7-609002: Teardown local-host inside:10.1.2.3 duration 0:02:05',
    { ...source('10.1.2.3'), 'event.duration': 125e9, 'event.action': 'host-removed' },
  ],
];

export const DENIAL_LINES: readonly KnownLine[] = [
  [
    '2-106001: Inbound TCP connection denied from 203.0.113.4/43803 to 10.1.0.5/1433 flags SYN  on interface outside',
    {
      ...source('203.0.113.4', 43803),
      ...destination('10.1.0.5', 1433),
      ...interfaces(undefined, 'outside'),
      'network.transport': 'tcp',
      'event.type': ['connection', 'denied'],
      'event.outcome': 'failure',
    },
  ],
  [
    '2-106006: Deny inbound UDP from 203.0.113.4/137 to 10.1.0.5/137 on interface inside',
    {
      ...source('203.0.113.4', 137),
      ...destination('10.1.0.5', 137),
      ...interfaces(undefined, 'inside'),
      'network.direction': 'inbound',
    },
  ],
  [
    '2-106007: Deny inbound UDP from 203.0.113.4/12981 to 10.1.0.5/53 due to DNS Query',
    { ...source('203.0.113.4', 12981), ...destination('10.1.0.5', 53), 'event.reason': 'DNS Query' },
  ],
  [
    '3-106010: Deny inbound sctp src outside:203.0.113.4/5114 dst inside:10.1.0.5/2',
    { ...source('203.0.113.4', 5114), ...interfaces('outside', 'inside'), 'network.iana_number': '132' },
  ],
  [
    '3-106014: Deny inbound icmp src outside:203.0.113.4 dst inside:10.1.0.5(type 8, code 0)',
    {
      ...source('203.0.113.4'),
      ...destination('10.1.0.5'),
      'cisco.asa.icmp_type': 8,
      'destination.user.name': undefined,
    },
  ],
  [
    '3-106014: Deny inbound icmp src outside:203.0.113.4 dst inside:10.1.0.5 (type 3, code 1)',
    {
      ...destination('10.1.0.5'),
      'cisco.asa.icmp_type': 3,
      'cisco.asa.icmp_code': 1,
      'destination.user.name': undefined,
    },
  ],
  [
    '6-106015: Deny TCP (no connection) from 203.0.113.4/443 to 10.1.0.5/51000 flags FIN PSH ACK  on interface outside',
    { ...source('203.0.113.4', 443), ...destination('10.1.0.5', 51000), ...interfaces(undefined, 'outside') },
  ],
  [
    '2-106016: Deny IP spoof from (0.0.0.0) to 10.1.0.255 on interface wifi',
    { ...source('0.0.0.0'), ...destination('10.1.0.255'), 'network.transport': undefined },
  ],
  [
    '2-106017: Deny IP due to Land Attack from 10.1.0.5 to 10.1.0.5',
    { ...source('10.1.0.5'), ...destination('10.1.0.5'), 'event.action': 'attack-denied', ...related('10.1.0.5') },
  ],
  [
    '1-106021: Deny UDP reverse path check from 10.9.9.9 to 10.1.0.5 on interface dmz',
    { ...source('10.9.9.9'), ...destination('10.1.0.5'), ...interfaces(undefined, 'dmz'), 'network.transport': 'udp' },
  ],
  [
    '4-106023: Deny tcp src outside:203.0.113.4/50240 dst inside:10.1.0.5/23 by access-group "OUTSIDE_IN" [0x54c7fa80, 0x0]',
    {
      ...source('203.0.113.4', 50240),
      ...destination('10.1.0.5', 23),
      ...interfaces('outside', 'inside'),
      'rule.name': 'OUTSIDE_IN',
      'event.action': 'packet-denied',
    },
  ],
  [
    '4-106023: Deny icmp src inside:10.1.0.5 dst outside:203.0.113.4 (type 11, code 0) by access-group "INSIDE_IN" [0x0, 0x0]',
    {
      ...destination('203.0.113.4'),
      'cisco.asa.icmp_type': 11,
      'rule.name': 'INSIDE_IN',
      'destination.user.name': undefined,
    },
  ],
  [
    '4-106023: Deny tcp src dmz:10.1.0.5/63016 dst outside:203.0.113.4/53 type 3, code 0, by access-group "DMZ_IN" [0xe3aab522, 0x0]',
    { ...destination('203.0.113.4', 53), 'rule.name': 'DMZ_IN' },
  ],
  [
    '4-106023: Deny protocol 47 src outside:203.0.113.4 dst inside:10.1.0.5 by access-group "OUTSIDE_IN"',
    { 'network.iana_number': '47', 'network.transport': 'gre', ...source('203.0.113.4') },
  ],
  [
    '6-106100: access-list OUT_IN denied tcp outside/203.0.113.4(43211) -> inside/10.1.0.5(22) hit-cnt 1 first hit [0x62c4905, 0x0]',
    {
      ...source('203.0.113.4', 43211),
      ...destination('10.1.0.5', 22),
      ...interfaces('outside', 'inside'),
      'rule.name': 'OUT_IN',
      'event.type': ['connection', 'denied'],
      'event.outcome': 'failure',
    },
  ],
  [
    '6-106100: access-list IN_OUT est-allowed udp inside/10.1.0.5(1039) -> outside/203.0.113.4(53) hit-cnt 144 300-second interval [0xe982c7a4, 0x0]',
    { 'event.type': ['connection', 'allowed'], 'event.outcome': 'success', 'network.transport': 'udp' },
  ],
  [
    "4-106102: access-list VPN permitted tcp for user 'alice' inside/10.1.0.5(51950) -> outside/203.0.113.4(443) hit-cnt 1 first hit [0xd3e666fa, 0x0]",
    { 'user.name': 'alice', ...source('10.1.0.5', 51950), ...destination('203.0.113.4', 443) },
  ],
  [
    '4-106103: access-list VPN denied icmp for user bob inside/10.1.0.5(8) -> outside/203.0.113.4(0) hit-cnt 1 first hit [0x3c8b88c1, 0xbee595c3]',
    { 'user.name': 'bob', ...source('10.1.0.5'), 'event.outcome': 'failure' },
  ],
  [
    '6-110002: Failed to locate egress interface for TCP from inside:10.1.0.5/7777 to 203.0.113.4/1234',
    { ...source('10.1.0.5', 7777), ...destination('203.0.113.4', 1234), ...interfaces('inside', undefined) },
  ],
  [
    '5-304001: 10.1.0.5 Accessed URL 203.0.113.4:http://example.org/a?b=1',
    { ...source('10.1.0.5'), ...destination('203.0.113.4'), 'url.original': 'http://example.org/a?b=1' },
  ],
  [
    '5-304001: alice@10.1.0.5(LOCAL\\alice) Accessed JAVA URL web@203.0.113.4:http://example.org/',
    { ...source('10.1.0.5'), 'source.user.name': 'LOCAL\\alice', 'user.name': 'alice', ...destination('203.0.113.4') },
  ],
  [
    '5-304002: Access denied URL http://example.org/x SRC 10.1.0.5 DEST 203.0.113.4 on interface inside',
    { ...source('10.1.0.5'), ...destination('203.0.113.4'), 'event.outcome': 'failure' },
  ],
  [
    '3-313001: Denied ICMP type=3, code=3 from 203.0.113.4 on interface outside',
    { ...source('203.0.113.4'), 'cisco.asa.icmp_type': 3, 'cisco.asa.icmp_code': 3 },
  ],
  [
    '4-313004: Denied ICMP type=0, from laddr 10.1.0.5 on interface inside to 10.1.2.3: no matching session',
    { ...source('10.1.0.5'), ...destination('10.1.2.3'), 'cisco.asa.icmp_type': 0 },
  ],
  [
    '4-313005: No matching connection for ICMP error message: icmp src outside:203.0.113.4 dst inside:10.1.0.5 (type 3, code 3) on outside interface.  Original IP payload: udp src 10.1.0.5/53 dst 203.0.113.8/10872.',
    {
      ...source('203.0.113.4'),
      ...destination('10.1.0.5'),
      'destination.user.name': undefined,
      'cisco.asa.icmp_type': 3,
      ...interfaces('outside', 'inside'),
      ...related('203.0.113.4', '10.1.0.5', '203.0.113.8'),
    },
  ],
  [
    '3-313008: Denied IPv6-ICMP type=134, code=0 from fe80::1ff:fe23:4567:890a on interface ISP1',
    { ...source('fe80::1ff:fe23:4567:890a'), 'network.transport': 'ipv6-icmp', 'network.type': 'ipv6' },
  ],
  ...['338001', '338002', '338003', '338004'].map(
    (code): KnownLine => [
      `4-${code}: Dynamic Filter monitored blacklisted TCP traffic from inside:10.1.0.5/6798 (198.51.100.7/7890) to outside:203.0.113.66/80 (203.0.113.66/80), destination 203.0.113.66 resolved from dynamic list: 203.0.113.66/255.255.255.255, threat-level: very-high, category: Malware`,
      {
        ...source('10.1.0.5', 6798),
        ...sourceNat('198.51.100.7', 7890),
        ...destination('203.0.113.66', 80),
        'event.kind': 'alert',
        'event.category': ['network', 'threat'],
        ...related('10.1.0.5', '198.51.100.7', '203.0.113.66'),
      },
    ],
  ),
  ...['338005', '338006', '338007', '338008'].map(
    (code): KnownLine => [
      `4-${code}: Dynamic filter dropped black listed UDP traffic from inside:10.1.0.5/6798 (198.51.100.7/7890) to outside:203.0.113.66/80 (203.0.113.66/80), source 203.0.113.66 resolved from local list: bad.example.com, threat-level: high, category: Malware`,
      {
        ...source('10.1.0.5', 6798),
        ...destination('203.0.113.66', 80),
        'network.transport': 'udp',
        'event.kind': 'alert',
        'event.type': ['connection', 'denied'],
      },
    ],
  ),
  [
    '4-338101: Dynamic filter action whitelisted TCP traffic from inside:10.1.0.5/6798 (198.51.100.7/7890) to outside:203.0.113.66/80 (203.0.113.66/80), destination 203.0.113.66 resolved from local list: good.example.com',
    { ...source('10.1.0.5', 6798), 'event.kind': 'event', 'event.type': ['connection', 'allowed'] },
  ],
  [
    '4-410001: Dropped UDP DNS request from outside:203.0.113.4/53 to inside:10.1.0.5/5353; label length 94 bytes exceeds protocol limit of 63 bytes',
    { ...source('203.0.113.4', 53), 'event.reason': 'label length 94 bytes exceeds protocol limit of 63 bytes' },
  ],
  [
    '4-419002: Duplicate TCP SYN from inside:10.1.0.5/7777 to outside:203.0.113.4/443 with different initial sequence number',
    { ...source('10.1.0.5', 7777), ...destination('203.0.113.4', 443), 'event.outcome': 'failure' },
  ],
  [
    '4-434002: SFR requested to drop TCP packet from inside:10.1.0.5/8888 to outside:203.0.113.4/443',
    { ...source('10.1.0.5', 8888), ...destination('203.0.113.4', 443) },
  ],
  [
    '4-500004: Invalid transport field for protocol=UDP, from 203.0.113.4/1234 to 10.1.0.5/0',
    { ...source('203.0.113.4', 1234), ...destination('10.1.0.5', 0), 'network.transport': 'udp' },
  ],
  [
    '3-710003: TCP access denied by ACL from 203.0.113.4/6370 to outside:198.51.100.1/23',
    { ...source('203.0.113.4', 6370), ...destination('198.51.100.1', 23), ...interfaces(undefined, 'outside') },
  ],
  [
    '7-710005: UDP request discarded from 10.1.0.5/68 to inside:255.255.255.255/67',
    { ...source('10.1.0.5', 68), ...destination('255.255.255.255', 67), 'event.action': 'device-access-denied' },
  ],
  [
    '7-710005: TCP request discarded from 10.1.0.5/41234 to inside:10.1.0.1/https',
    { ...destination('10.1.0.1', 443), 'network.protocol': 'https' },
  ],
  [
    '4-733100: [ 203.0.113.4] drop rate-1 exceeded. Current burst rate is 0 per second, max configured rate is 10; Current average rate is 7 per second, max configured rate is 5; Cumulative total count is 9063',
    {
      'event.kind': 'alert',
      'event.action': 'threat-rate-exceeded',
      'source.ip': undefined,
      ...related('203.0.113.4'),
    },
  ],
];

export const SESSION_LINES: readonly KnownLine[] = [
  [
    "5-111008: User 'enable_15' executed the 'write memory' command.",
    { 'user.name': 'enable_15', 'process.command_line': 'write memory', 'event.category': ['configuration'] },
  ],
  [
    "7-111009: User 'enable_15' executed cmd: show access-list OUTSIDE_IN brief",
    { 'user.name': 'enable_15', 'process.command_line': 'show access-list OUTSIDE_IN brief' },
  ],
  [
    "5-111010: User 'admin', running 'CLI' from IP 10.1.0.9, executed 'no logging host inside 10.1.0.20'",
    {
      'user.name': 'admin',
      ...source('10.1.0.9'),
      'process.command_line': 'no logging host inside 10.1.0.20',
      ...related('10.1.0.9', '10.1.0.20'),
    },
  ],
  [
    '6-113004: AAA user authentication Successful : server =  10.1.0.20 : user = alice',
    { 'user.name': 'alice', ...destination('10.1.0.20'), 'event.outcome': 'success' },
  ],
  [
    '6-113005: AAA user authentication Rejected : reason = Invalid password : server = 10.1.0.20 : user = mallory : user IP = 203.0.113.4',
    {
      'user.name': 'mallory',
      ...source('203.0.113.4'),
      ...destination('10.1.0.20'),
      'event.reason': 'Invalid password',
      'event.outcome': 'failure',
      'event.category': ['authentication'],
    },
  ],
  [
    '6-113005: AAA user authorization Rejected : reason = AAA failure : server = 10.1.0.20 : user = svc$ : user IP = None',
    { 'user.name': 'svc$', 'source.address': undefined, ...destination('10.1.0.20') },
  ],
  ['6-113012: AAA user authentication Successful : local database : user = admin', { 'user.name': 'admin' }],
  [
    '6-113015: AAA user authentication Rejected : reason = User was not found : local database : user = ***** : user IP = 203.0.113.4',
    { 'user.name': '*****', ...source('203.0.113.4'), 'event.reason': 'User was not found' },
  ],
  [
    '4-113019: Group = VPN users, Username = alice, IP = 203.0.113.4, Session disconnected. Session Type: AnyConnect-Parent, Duration: 1d 2h:03m:04s, Bytes xmt: 297103, Bytes rcv: 1216163, Reason: User Requested',
    {
      'user.name': 'alice',
      'user.group.name': 'VPN users',
      ...source('203.0.113.4'),
      'event.duration': 93_784e9,
      'event.reason': 'User Requested',
      'source.bytes': 1216163,
      'destination.bytes': 297103,
    },
  ],
  [
    "6-113039: Group <GP Remote> User <o'neil@example.com> IP <203.0.113.4> AnyConnect parent session started.",
    { 'user.name': "o'neil@example.com", 'user.group.name': 'GP Remote', ...source('203.0.113.4') },
  ],
  [
    '6-315011: SSH session from 10.1.0.9 on interface inside for user "admin" disconnected by SSH server, reason: "Internal error" (0x00)',
    { 'user.name': 'admin', ...source('10.1.0.9'), 'event.reason': 'Internal error' },
  ],
  ['5-502103: User priv level changed: Uname: enable_15 From: 1 To: 15', { 'user.name': 'enable_15' }],
  [
    '6-605004: Login denied from 203.0.113.4/51923 to outside:198.51.100.1/https for user "*****"',
    { ...source('203.0.113.4', 51923), ...destination('198.51.100.1', 443), 'user.name': '*****' },
  ],
  [
    '6-605004: Login denied from 203.0.113.4/51923 to outside:198.51.100.1/ssh for user ""',
    { ...source('203.0.113.4', 51923), 'user.name': undefined, 'event.outcome': 'failure' },
  ],
  [
    '6-605005: Login permitted from 10.1.0.9/6651 to inside:10.1.0.1/ssh for user "admin"',
    { ...source('10.1.0.9', 6651), ...destination('10.1.0.1', 22), 'network.protocol': 'ssh', 'user.name': 'admin' },
  ],
  [
    '6-611101: User authentication succeeded: IP address: 10.1.0.9, Uname: admin',
    { ...source('10.1.0.9'), 'user.name': 'admin', 'event.outcome': 'success' },
  ],
  [
    '6-611102: User authentication failed: IP = 10.1.0.9, Uname: admin',
    { ...source('10.1.0.9'), 'user.name': 'admin', 'event.outcome': 'failure' },
  ],
  ['6-611103: User logged out: Uname: admin', { 'user.name': 'admin', 'event.type': ['end'] }],
  [
    '6-713172: Group = VPN, IP = 203.0.113.4, Automatic NAT Detection Status:     Remote end is NOT behind a NAT device     This   end is behind a NAT device',
    { 'user.group.name': 'VPN', ...source('203.0.113.4'), 'event.action': 'nat-detected' },
  ],
  [
    '6-716002: Group <VPN> User <alice> IP <203.0.113.4> WebVPN session terminated: Idle timeout.',
    { 'user.name': 'alice', 'user.group.name': 'VPN', ...source('203.0.113.4'), 'event.reason': 'Idle timeout.' },
  ],
  [
    '6-716002: Group VPN users User alice IP 203.0.113.4 WebVPN session terminated: User Requested.',
    { 'user.name': 'alice', 'user.group.name': 'VPN users', ...source('203.0.113.4') },
  ],
  [
    '4-722051: Group <VPN> User <alice> IP <203.0.113.4> IPv4 Address <10.8.0.5> IPv6 address <::> assigned to session',
    { 'user.name': 'alice', ...source('203.0.113.4'), ...related('203.0.113.4', '10.8.0.5') },
  ],
  [
    '6-734001: DAP: User alice, Addr 203.0.113.4, Connection AnyConnect: The following DAP records were selected for this connection: Staff, DfltAccessPolicy',
    { 'user.name': 'alice', ...source('203.0.113.4'), 'rule.name': 'Staff, DfltAccessPolicy' },
  ],
];

export const VARIANT_LINES: readonly KnownLine[] = [
  [
    '6-302013: Built inbound TCP connection 9 for outside:203.0.113.7/40001 (198.51.100.8/40001)(LOCAL\\alice) to dmz:10.1.0.5/443 (10.1.0.5/443) (alice)',
    {
      'source.user.name': 'LOCAL\\alice',
      'destination.user.name': undefined,
      'user.name': 'alice',
      ...sourceNat('198.51.100.8', 40001),
      ...destinationNat('10.1.0.5', 443),
    },
  ],
  [
    '6-302015: Built inbound UDP connection 7 for outside:203.0.113.7/3424 (203.0.113.7/3424)(LOCAL\\alice, 12:guests) to inside:10.1.0.5/53 (10.1.0.5/53)(CORP\\dave, 246) (bob)',
    { 'source.user.name': 'LOCAL\\alice', 'destination.user.name': 'CORP\\dave', 'user.name': 'bob' },
  ],
  [
    '6-302013: Built inbound TCP connection 9 for outside:203.0.113.7/61921 (203.0.113.7/61921)(1:tag) to inside:10.1.0.5/443 (10.1.0.5/443)',
    { ...source('203.0.113.7', 61921), 'source.user.name': undefined, 'user.name': undefined },
  ],
  [
    '6-302014: Teardown TCP connection 9 for outside:203.0.113.7/55745(LOCAL\\First Middle, 12:guests) to inside:10.1.0.5/443(1:tag) duration 0:01:29 bytes 17859 TCP Reset-O from outside (dom\\Jürgen Ö01)',
    {
      'source.user.name': 'LOCAL\\First Middle',
      'destination.user.name': undefined,
      'user.name': 'dom\\Jürgen Ö01',
      'event.reason': 'TCP Reset-O from outside',
    },
  ],
  [
    "6-302016: Teardown UDP connection 9 for outside:203.0.113.7/53723(LOCAL\\alice) to inside:10.1.0.5/53 duration 0:00:00 bytes 148 (o'neil)",
    { 'source.user.name': 'LOCAL\\alice', 'user.name': "o'neil", 'event.reason': undefined, 'network.bytes': 148 },
  ],
  [
    '6-302020: Built inbound ICMP connection for faddr 203.0.113.7/0(LOCAL\\alice) gaddr 198.51.100.7/0 laddr 10.1.0.5/0 (alice) type 3 code 3',
    {
      'destination.user.name': 'LOCAL\\alice',
      'source.user.name': undefined,
      'user.name': 'alice',
      'cisco.asa.icmp_type': 3,
    },
  ],
  [
    '6-302021: Teardown ICMP connection for faddr ff02::1/0 gaddr fe80::2205:baff:fe9d:f637/0 laddr fe80::2205:baff:fe9d:f637/0 type 134 code 0',
    { ...source('fe80::2205:baff:fe9d:f637'), ...destination('ff02::1'), 'network.type': 'ipv6' },
  ],
  [
    '6-302013: Built inbound TCP connection 1 for outside:2001:db8::7/62477 (2001:db8::7/62477) to cafe:2001:db8:1::5/443 (2001:db8:1::5/443)',
    {
      ...source('2001:db8::7', 62477),
      ...destination('2001:db8:1::5', 443),
      ...sourceNat('2001:db8::7', 62477),
      ...interfaces('outside', 'cafe'),
      ...related('2001:db8::7', '2001:db8:1::5'),
    },
  ],
  [
    '4-106023: Deny icmp src outside:2001:db8::7 dst inside:2001:db8:1::5 (type 128, code 0) by access-group "OUT_IN"',
    { ...source('2001:db8::7'), ...destination('2001:db8:1::5'), 'cisco.asa.icmp_type': 128 },
  ],
  [
    '6-106100: access-list V6 denied tcp outside/2001:db8::7(443) -> inside/2001:db8:1::5(50000) hit-cnt 1 first hit [0x1, 0x2]',
    { ...source('2001:db8::7', 443), ...destination('2001:db8:1::5', 50000), ...interfaces('outside', 'inside') },
  ],
  [
    '5-106100: access-list NAMES denied tcp inside/printer.example.com(27218) -> OUT/10.1.0.5(53)(LOCAL\\bob) hit-cnt 1 first hit [0x1, 0x0]',
    {
      'source.address': 'printer.example.com',
      'source.ip': undefined,
      'source.port': 27218,
      'destination.user.name': 'LOCAL\\bob',
      ...interfaces('inside', 'OUT'),
    },
  ],
  [
    '4-106023: Deny tcp src MG:exp_srv/64593(LOCAL\\alice) dst outside:203.0.113.7/2511(www.example.com) by access-group "MG_IN" [0x0, 0x0]',
    {
      'source.address': 'exp_srv',
      'source.port': 64593,
      'source.user.name': 'LOCAL\\alice',
      'destination.user.name': undefined,
      ...destination('203.0.113.7', 2511),
    },
  ],
  [
    '6-305012: Teardown dynamic UDP translation from SERVERS:exp-wait/62409 to outside:198.51.100.7/62409 duration 0:00:41',
    { 'source.address': 'exp-wait', 'source.port': 62409, ...sourceNat('198.51.100.7', 62409) },
  ],
  [
    '6-305012: Teardown dynamic TCP translation from outside:10.1.0.5/50120(LOCAL\\dom\\alice) to outside:198.51.100.7/50120 duration 0:02:05',
    { 'source.user.name': 'LOCAL\\dom\\alice', ...source('10.1.0.5', 50120) },
  ],
  [
    '6-302013: Built inbound TCP connection 8 for inside:10.1.0.9/12523(10.1.0.9/12523) to NP Identity Ifc:10.1.0.1/22 (10.1.0.1/22)',
    { ...source('10.1.0.9', 12523), ...destination('10.1.0.1', 22), ...interfaces('inside', 'NP Identity Ifc') },
  ],
  [
    '6-302014: Teardown TCP connection 8 for inside:10.1.0.9/12523 to NP Identity Ifc:10.1.0.1/22 duration 0:00:53 bytes 2436 TCP FINs',
    { ...destination('10.1.0.1', 22), ...interfaces('inside', 'NP Identity Ifc') },
  ],
  [
    '4-106023: Deny udp src v1:outside:10.8.1.9/54864 dst vlan-42.a_b#c/d&e:10.1.0.5/53 by access-group "x" [0x0, 0x0]',
    { ...source('10.8.1.9', 54864), ...destination('10.1.0.5', 53), ...interfaces('v1:outside', 'vlan-42.a_b#c/d&e') },
  ],
  [
    '4-106023: Deny tcp src outside:fe80::1%eth0/5 dst inside:10.1.0.5/00080 by access-group "x" [0x0, 0x0]',
    { 'source.ip': 'fe80::1', 'source.address': 'fe80::1%eth0', ...destination('10.1.0.5', 80) },
  ],
  [
    '6-106015: Deny TCP (no connection) from 10.1.0.9/389 to exp-angle/54703 flags RST on interface INFRA_MGT',
    { ...source('10.1.0.9', 389), 'destination.address': 'exp-angle', 'destination.port': 54703 },
  ],
  [
    '5-304001: 10.1.0.9 Accessed URL mirror:http://mirror.example.com/path',
    { ...source('10.1.0.9'), 'destination.address': 'mirror', 'url.original': 'http://mirror.example.com/path' },
  ],
];
