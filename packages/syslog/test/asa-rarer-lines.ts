import {
  destination,
  destinationNat,
  interfaces,
  type KnownLine,
  related,
  source,
  sourceNat,
} from './asa-known-lines.ts';

/** Spellings that only some versions, platforms and configurations print. */
export const RARER_LINES: readonly KnownLine[] = [
  [
    '6-302303: Built TCP state-bypass connection 9 from inside:10.1.0.5/1025 (198.51.100.9/1025) to outside:203.0.113.8/80 (203.0.113.8/80)',
    {
      'network.transport': 'tcp',
      'network.direction': undefined,
      ...source('10.1.0.5', 1025),
      ...destination('203.0.113.8', 80),
    },
  ],
  [
    '6-302013: Built outbound Probe TCP connection 5 for outside:203.0.113.8/443 (203.0.113.8/443) to inside:10.1.0.5/5 (198.51.100.9/5)',
    { 'network.transport': 'tcp', 'network.direction': 'outbound', ...source('203.0.113.8', 443) },
  ],
  [
    '6-302014: Teardown Probe TCP connection 5 for outside:203.0.113.8/443 to inside:10.1.0.5/5 duration 0:00:10 bytes 55 TCP FINs',
    { 'network.transport': 'tcp', ...source('203.0.113.8', 443), 'event.reason': 'TCP FINs' },
  ],
  [
    '6-302013: Built inbound TCP connection 5 for outside:203.0.113.8/443(CORP\\alice) to inside:10.1.0.5/5 (bob)',
    {
      ...source('203.0.113.8', 443),
      'source.nat.ip': undefined,
      'source.user.name': 'CORP\\alice',
      ...destination('10.1.0.5', 5),
      'user.name': 'bob',
    },
  ],
  [
    '6-302016: Teardown UDP connection 666 for outside:203.0.113.8/53 alice to inside:10.1.0.5/52925 bob duration 10:00:00 bytes 99',
    {
      ...source('203.0.113.8', 53),
      'source.user.name': 'alice',
      ...destination('10.1.0.5', 52925),
      'destination.user.name': 'bob',
      'network.bytes': 99,
    },
  ],
  [
    '6-302001: Built outbound TCP connection 5 for faddr 203.0.113.8/80 gaddr 198.51.100.9/1024 laddr 10.1.0.5/1024 (alice)',
    {
      ...source('10.1.0.5', 1024),
      ...sourceNat('198.51.100.9', 1024),
      ...destination('203.0.113.8', 80),
      'network.direction': 'outbound',
      'user.name': 'alice',
      'event.action': 'flow-creation',
    },
  ],
  [
    '6-302002: Teardown TCP connection 5 faddr 203.0.113.8/80 gaddr 198.51.100.9/1024 laddr 10.1.0.5/1024 duration 0:00:05 bytes 432 (TCP FINs)',
    { ...sourceNat('198.51.100.9', 1024), 'event.duration': 5e9, 'network.bytes': 432, 'event.reason': 'TCP FINs' },
  ],
  [
    '6-302005: Built UDP connection for faddr 203.0.113.8/53337 gaddr 198.51.100.9/53 laddr 10.1.0.5/53',
    { ...source('10.1.0.5', 53), ...sourceNat('198.51.100.9', 53), 'network.transport': 'udp' },
  ],
  [
    '6-302020: Built ICMP connection for faddr 203.0.113.8/0 gaddr 198.51.100.9/1(CORP\\carol) laddr 10.1.0.5/1(CORP\\alice)',
    { ...source('10.1.0.5'), ...sourceNat('198.51.100.9'), 'source.user.name': 'CORP\\alice' },
  ],
  [
    '6-302024: Built backup stub UDP connection for net:10.1.0.5/9051 (198.51.100.5(19051) to dmz:10.1.1.10/123 (203.0.113.144/123)',
    { ...source('10.1.0.5', 9051), ...sourceNat('198.51.100.5'), ...destinationNat('203.0.113.144', 123) },
  ],
  [
    '6-303002: alice@10.1.0.5 Retrieved 203.0.113.8:/pub/a.txt',
    { ...source('10.1.0.5'), ...destination('203.0.113.8'), 'user.name': 'alice' },
  ],
  [
    '6-305012: Teardown dynamic TCP translation from inside:10.1.0.5/1 to outside(OUT_ACL):198.51.100.9/1 duration 0:00:30',
    {
      ...source('10.1.0.5', 1),
      ...sourceNat('198.51.100.9', 1),
      ...interfaces('inside', 'outside'),
      'rule.name': 'OUT_ACL',
      'event.duration': 30e9,
    },
  ],
  [
    '6-305014: Allocated TCP block of ports for translation from inside:10.1.0.5 to outside:198.51.100.9/1024-1535.',
    { ...source('10.1.0.5'), ...sourceNat('198.51.100.9'), 'event.action': 'port-block-allocated' },
  ],
  [
    '6-805001: Offloaded TCP Flow for connection 11 from inside:10.1.0.5/11 (198.51.100.9/12) to outside:203.0.113.8/13 (203.0.113.9/14)',
    {
      ...source('10.1.0.5', 11),
      ...sourceNat('198.51.100.9', 12),
      ...destinationNat('203.0.113.9', 14),
      'cisco.asa.connection_id': '11',
    },
  ],
  [
    '6-805002: TCP Flow is no longer offloaded for connection 11 from inside:10.1.0.5/11 (198.51.100.9/12) to outside:203.0.113.8/13 (203.0.113.9/14)',
    { ...source('10.1.0.5', 11), ...destination('203.0.113.8', 13), 'network.transport': 'tcp' },
  ],
  [
    '2-106001: Inbound TCP connection denied from 2001:db8::1/1 to 2001:db8::2/22 flags SYN  on interface outside',
    { ...source('2001:db8::1', 1), ...destination('2001:db8::2', 22), 'network.direction': 'inbound' },
  ],
  [
    '2-106006: Deny inbound UDP from 203.0.113.4/1(CORP\\alice) to 10.1.0.5/2(CORP\\bob) on interface inside',
    { ...source('203.0.113.4', 1), 'source.user.name': 'CORP\\alice', 'destination.user.name': 'CORP\\bob' },
  ],
  [
    '2-106006: message repeated 2 times: [ Deny inbound UDP from 203.0.113.4/137 to 10.1.0.5/137 on interface inside]',
    { ...source('203.0.113.4', 137), ...interfaces(undefined, 'inside'), 'network.transport': 'udp' },
  ],
  [
    '3-106010: Deny inbound protocol 50 src outside:203.0.113.4(CORP\\alice) dst inside:10.1.0.5(CORP\\bob)',
    { ...source('203.0.113.4'), ...destination('10.1.0.5'), 'network.transport': 'esp' },
  ],
  [
    '3-106011: Deny inbound (No xlate) icmp src outside:203.0.113.4 dst outside:10.1.0.5 (type 8, code 0)',
    { ...destination('10.1.0.5'), 'cisco.asa.icmp_type': 8 },
  ],
  [
    '2-106018: ICMP packet type 8 denied by outbound list 101 src 10.1.0.5 dest 203.0.113.4',
    { ...source('10.1.0.5'), 'cisco.asa.icmp_type': 8, 'rule.name': '101', 'event.outcome': 'failure' },
  ],
  [
    '4-106023: Deny tcp src outside:203.0.113.4/1 (CORP\\alice) dst inside:10.1.0.5/53 (CORP\\bob) by access-group "x" [0x0, 0x0]',
    { 'source.user.name': 'CORP\\alice', 'destination.user.name': 'CORP\\bob', ...destination('10.1.0.5', 53) },
  ],
  [
    '4-106023: Deny tcp src outside:203.0.113.4/1 dst inside:10.1.0.5/445 by access-group "from, outside (in)" [0x0, 0x0]',
    { 'rule.name': 'from, outside (in)' },
  ],
  [
    '4-106027: Deny arp src inside:0050.56a1.0a11 dst outside:ffff.ffff.ffff by access-group "ETH"',
    { 'rule.name': 'ETH', 'source.ip': undefined, 'related.ip': undefined },
  ],
  [
    '6-106100: access-list OUT(1),IN denied tcp outside/203.0.113.4(1) -> inside/10.1.0.5(2) hit-cnt 1 first hit [0x0, 0x0]',
    { 'rule.name': 'OUT(1),IN', 'event.outcome': 'failure', ...source('203.0.113.4', 1) },
  ],
  [
    '5-106102: access-list VPN denied udp for user <unknown> outside/203.0.113.4(137) -> inside/10.1.0.5(137) hit-cnt 1 first hit [0x0, 0x0]',
    { ...source('203.0.113.4', 137), 'user.name': undefined, 'event.outcome': 'failure' },
  ],
  [
    '6-110003: Routing failed to locate next-hop for TCP from inside:10.1.0.5/1 to outside:203.0.113.4/80',
    { ...source('10.1.0.5', 1), ...destination('203.0.113.4', 80), 'event.outcome': 'failure' },
  ],
  [
    '5-304002: Access denied URL http://example.org/x SRC alice@10.1.0.5(CORP\\alice) DEST 203.0.113.4 on interface inside',
    { ...source('10.1.0.5'), 'source.address': undefined, 'user.name': 'alice' },
  ],
  [
    '3-305006: regular translation creation failed for icmp src any:10.1.0.5 (CORP\\alice) dst outside:203.0.113.4 (CORP\\bob) (type 3, code 3)',
    { 'source.user.name': 'CORP\\alice', 'destination.user.name': 'CORP\\bob', 'cisco.asa.icmp_type': 3 },
  ],
  [
    '4-313009: Denied invalid ICMP code 9, for inside:10.1.0.5/8795 (198.51.100.9/8795) to identity:10.1.0.1/0 (10.1.0.1/0), ICMP id 295, ICMP type 8',
    {
      ...source('10.1.0.5'),
      ...sourceNat('198.51.100.9'),
      ...destination('10.1.0.1'),
      'cisco.asa.icmp_type': 8,
      'cisco.asa.icmp_code': 9,
    },
  ],
  [
    '4-400013 IPS:2003 ICMP redirect from 203.0.113.4 to 10.1.0.5 on interface dmz',
    {
      ...source('203.0.113.4'),
      ...destination('10.1.0.5'),
      'event.action': 'intrusion-detected',
      'event.kind': 'alert',
    },
  ],
  [
    '4-401004: Shunned packet: 203.0.113.4 ==> 10.1.0.5 on interface outside',
    { ...source('203.0.113.4'), ...destination('10.1.0.5'), 'event.outcome': 'failure' },
  ],
  [
    '4-407002: Embryonic limit 5/100 for through connections exceeded.203.0.113.4/1 to 198.51.100.1 (10.1.0.5)/80 on interface outside',
    {
      ...source('203.0.113.4', 1),
      ...destination('198.51.100.1'),
      ...destinationNat('10.1.0.5'),
      ...related('203.0.113.4', '198.51.100.1', '10.1.0.5'),
    },
  ],
  [
    '4-418001: Through-the-device packet to/from management-only network is denied: tcp src inside:10.1.0.5/1 dst mgmt:203.0.113.4/80',
    { ...source('10.1.0.5', 1), ...destination('203.0.113.4', 80), 'network.transport': 'tcp' },
  ],
  [
    '4-419001: Dropping TCP packet from inside:10.1.0.5/1 to outside:203.0.113.4/80, reason: MSS exceeded, MSS 1460, data 1500',
    { ...source('10.1.0.5', 1), 'event.reason': 'MSS exceeded, MSS 1460, data 1500' },
  ],
  [
    '4-507003: tcp flow from inside:10.1.0.5/1 to outside:203.0.113.4/80 terminated by inspection engine, reason - disconnected, dropped packet.',
    { ...source('10.1.0.5', 1), 'event.reason': 'disconnected, dropped packet.', 'event.outcome': 'failure' },
  ],
  ['4-733101: Host 203.0.113.4 is attacking. Current burst rate is 1 per second', source('203.0.113.4')],
  ['4-733101: Subnet 10.1.0.0 is targeted. Current burst rate is 1 per second', destination('10.1.0.0')],
  ['4-733102: Threat-detection adds host 203.0.113.4 to shun list', source('203.0.113.4')],
];

export const PEOPLE_LINES: readonly KnownLine[] = [
  ['5-111003: 10.1.0.9 Erase configuration', { ...source('10.1.0.9'), 'event.type': ['change'] }],
  [
    '5-111007: Begin configuration: 10.1.0.9 reading from http [POST]',
    { ...source('10.1.0.9'), 'event.action': 'configuration-read' },
  ],
  [
    '6-109006: Authentication failed for user mallory from 10.1.0.5/4000 to 203.0.113.4/80 on interface inside',
    { 'user.name': 'mallory', ...source('10.1.0.5', 4000), 'event.outcome': 'failure' },
  ],
  [
    '6-113004: AAA user authentication Successful: server = 10.1.0.20 , User = alice',
    { 'user.name': 'alice', ...destination('10.1.0.20') },
  ],
  [
    '6-113005: AAA user authentication Rejected: reason = AAA failure: server = 10.1.0.20 : user = alice: user IP = 203.0.113.4',
    { 'user.name': 'alice', ...source('203.0.113.4'), ...destination('10.1.0.20'), 'event.reason': 'AAA failure' },
  ],
  [
    '6-113005: AAA user authentication Rejected : reason = Unspecified : server = 10.1.0.20 : user = : user IP = 203.0.113.4',
    { 'user.name': undefined, ...source('203.0.113.4') },
  ],
  [
    '6-113015: AAA user authentication Rejected : reason = User was not found : local database : user = ;;a:b(c d) "e" <f> : user IP = 203.0.113.4',
    { 'user.name': ';;a:b(c d) "e" <f>', ...source('203.0.113.4') },
  ],
  ['6-113012: AAA user authentication Successful: local database: user = alice', { 'user.name': 'alice' }],
  [
    '6-113016: AAA credentials rejected : reason = Invalid password : server = 10.1.0.20 : user = alice : user IP = 203.0.113.4',
    { 'user.name': 'alice', ...destination('10.1.0.20'), 'event.outcome': 'failure' },
  ],
  [
    '4-113019: Group = , Username = , IP = 203.0.113.4, Session disconnected. Session Type: , Duration: 0h:00m:05s, Bytes xmt: 0, Bytes rcv: 0, Reason: Unknown',
    { ...source('203.0.113.4'), 'user.name': undefined, 'event.duration': 5e9 },
  ],
  [
    '4-113019: Group = Staff, Username = Doe, Jane, IP = 203.0.113.4, Session disconnected. Session Type: SSL, Duration: 0h:00m:05s, Bytes xmt: 0, Bytes rcv: 0, Reason: Unknown',
    { 'user.name': 'Doe, Jane', 'user.group.name': 'Staff' },
  ],
  [
    '3-113021: Attempted console login failed. User eve did NOT have appropriate Admin Rights.',
    { 'user.name': 'eve', 'event.outcome': 'failure' },
  ],
  [
    '4-113029: Group VPN_USERS User alice.b IP 203.0.113.4 Session could not be established: session limit of 5 reached',
    { 'user.name': 'alice.b', 'user.group.name': 'VPN_USERS', ...source('203.0.113.4'), 'event.outcome': 'failure' },
  ],
  [
    '6-315011: SSH session from 10.1.0.9 on interface in-side for user "bob" terminated normally.',
    { 'user.name': 'bob', ...source('10.1.0.9'), ...interfaces('in-side', undefined) },
  ],
  [
    '6-315011: SSH session from on interface inside for user "bob" disconnected by SSH server, reason: "Internal error" (0x00)',
    { 'user.name': 'bob', 'source.address': undefined, 'event.reason': 'Internal error' },
  ],
  [
    '6-605004: Login denied from 203.0.113.4/1 to outside:198.51.100.1/ssh for user "a b"c"',
    { 'user.name': 'a b"c', ...source('203.0.113.4', 1) },
  ],
  ['6-611102: User authentication failed: IP address: 10.1.0.9, Uname: mal lory', { 'user.name': 'mal lory' }],
  ['6-308001: console enable password incorrect for 3 tries (from 10.1.0.9)', source('10.1.0.9')],
];

export const TUNNEL_LINES: readonly KnownLine[] = [
  [
    '4-402119: IPSEC: Received an ESP packet (SPI= 0x1, sequence number= 0x5) from 203.0.113.4 (user= alice) to 198.51.100.1 that failed anti-replay checking.',
    { ...source('203.0.113.4'), ...destination('198.51.100.1'), 'user.name': 'alice', 'event.outcome': 'failure' },
  ],
  [
    '6-602303: IPSEC: An outbound LAN-to-LAN SA (SPI= 0xF81283) between 198.51.100.1 and 203.0.113.4 (user= admin) has been created.',
    {
      ...source('198.51.100.1'),
      ...destination('203.0.113.4'),
      'user.name': 'admin',
      'network.direction': 'outbound',
      'event.type': ['connection', 'start'],
    },
  ],
  [
    '6-602304: IPSEC: An inbound remote access SA (SPI= 0x1F) between 203.0.113.4 and 198.51.100.1 (user= alice) has been deleted.',
    { ...source('203.0.113.4'), 'user.name': 'alice', 'event.type': ['connection', 'end'] },
  ],
  [
    '6-716039: Authentication: rejected, group = Staff user = eve , Session Type: WebVPN',
    { 'user.name': 'eve', 'user.group.name': 'Staff', 'event.outcome': 'failure' },
  ],
  [
    '6-716059: Group <Staff> User IP <203.0.113.4> AnyConnect session resumed connection from IP <203.0.113.5>.',
    {
      'user.name': undefined,
      'user.group.name': 'Staff',
      ...source('203.0.113.4'),
      ...related('203.0.113.4', '203.0.113.5'),
    },
  ],
  [
    '6-721016: (WebVPN-Primary) WebVPN session for client user alice.b, IPv4 203.0.113.4 has been created.',
    { 'user.name': 'alice.b', ...source('203.0.113.4') },
  ],
  [
    '6-725001: Starting SSL handshake with server inside:10.1.0.5/1133 to 203.0.113.4/443 for TLSv1 session.',
    { ...source('10.1.0.5', 1133), ...destination('203.0.113.4', 443) },
  ],
  [
    '6-725006: Device failed SSL handshake with client outside:203.0.113.4/5000',
    { ...source('203.0.113.4', 5000), 'event.outcome': 'failure' },
  ],
  [
    '6-725016: Device selects trust-point TP for client outside:203.0.113.4/1133 to 198.51.100.1/443',
    { ...source('203.0.113.4', 1133), ...destination('198.51.100.1', 443) },
  ],
  [
    '5-734002: DAP: User alice, Addr 203.0.113.4: Connection terminated by the following DAP records: Blocked',
    { 'user.name': 'alice', ...source('203.0.113.4'), 'rule.name': 'Blocked' },
  ],
  [
    '5-746012: user-identity: Add IP-User mapping 10.1.0.5 - CORP\\alice Succeeded - VPN user',
    { 'user.name': 'CORP\\alice', ...source('10.1.0.5') },
  ],
  [
    '5-750002: Local:198.51.100.1:500 Remote:203.0.113.4:4500 Username:admin Received a IKE_INIT_SA request',
    { ...source('198.51.100.1', 500), ...destination('203.0.113.4', 4500), 'user.name': 'admin' },
  ],
  [
    '4-750003: Local:fw.example.com:500 Remote:203.0.113.4:500 Username:Jane Doe Negotiation aborted due to ERROR: x',
    { 'source.address': 'fw.example.com', 'source.port': 500, 'user.name': 'Jane Doe', 'event.outcome': 'failure' },
  ],
  [
    '6-751025: Local:2001:db8::1:4500 Remote:2001:db8::2:50470 Username:alice IKEv2 Group:Staff IPv4 Address=10.8.0.5 IPv6 address=invalid-addr-2-0.0.0.0 assigned to session',
    {
      ...source('2001:db8::1', 4500),
      ...destination('2001:db8::2', 50470),
      'user.group.name': 'Staff',
      ...related('2001:db8::1', '2001:db8::2', '10.8.0.5'),
    },
  ],
];
