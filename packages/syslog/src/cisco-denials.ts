import {
  type CiscoMessage,
  connection,
  DESTINATION_USER,
  denied,
  messages,
  network,
  SOURCE_USER,
} from './cisco-message.ts';

const raw = String.raw;
const ICMP = raw`(?: ?\(?type {icmpType}, code {icmpCode}(?:\)|,)?)?`;
const ACCESS_LIST_SIDES = raw`(?:{ingress}/)?{sourceHost}\({sourcePort}\)${SOURCE_USER} -> (?:{egress}/)?{destinationHost}\({destinationPort}\)${DESTINATION_USER}`;

const LISTED_TRAFFIC = raw`Dynamic [fF]ilter \w{1,32} \w{1,16}(?: listed)? {transport} traffic from {source} \({sourceNat}\) to {destination} \({destinationNat}\)(?:, [^:]{1,300}: {reason.item})?`;

/** What the firewall refused, or let through by a rule that logs. */
export const DENIALS: readonly [string, CiscoMessage][] = [
  ...messages(
    '106001',
    denied('connection-denied'),
    raw`Inbound {transport} connection denied from {sourceHost} to {destinationHost} flags .{0,64}? on interface {egress}`,
  ),
  ...messages(
    '106002',
    denied('connection-denied'),
    raw`{transport} Connection denied by outbound list {rule} src {sourceHost} dest {destinationHost}`,
  ),
  ...messages(
    '106006 106007',
    denied('packet-denied'),
    raw`Deny {direction} {transport} from {sourceHost} to {destinationHost}(?: on interface {egress}| due to {reason})`,
  ),
  ...messages(
    '106010 106011',
    denied('packet-denied'),
    raw`Deny {direction}(?: \(No xlate\))? {transport} src {sourceHost} dst {destinationHost}`,
    raw`Deny {direction}(?: \(No xlate\))? {transport} from {sourceHost} to {destinationHost}(?: on interface {egress})?`,
  ),
  ...messages(
    '106014',
    denied('packet-denied'),
    raw`Deny {direction} {transport} src {source}${SOURCE_USER} dst {destination}${DESTINATION_USER} ?\(type {icmpType}, code {icmpCode}\)`,
  ),
  ...messages(
    '106012 106017 106020',
    denied('attack-denied'),
    raw`Deny {transport} from {sourceHost} to {destinationHost}`,
    raw`Deny {transport} (?:due to Land Attack|teardrop fragment \([^()]{0,64}\)) from {sourceHost} to {destinationHost}`,
  ),
  ...messages(
    '106013',
    denied('packet-denied'),
    raw`Dropping echo request from {sourceHost} to PAT address {destinationHost}`,
  ),
  ...messages(
    '106015',
    denied('packet-denied'),
    raw`Deny {transport} \(no connection\) from {sourceHost} to {destinationHost} flags .{0,64}? on interface {egress}`,
  ),
  ...messages(
    '106016 106021 106022',
    denied('spoofing-denied'),
    raw`Deny {transport} (?:spoof|reverse path check|connection spoof) from \(?{sourceHost}\)? to {destinationHost} on interface {egress}`,
  ),
  ...messages(
    '106023',
    denied('packet-denied'),
    raw`Deny {transport} src {source}${SOURCE_USER} dst {destination}${DESTINATION_USER}${ICMP} by access[-_]group "?{rule}"?`,
  ),
  ...messages(
    '106027',
    denied('packet-denied'),
    raw`Deny src {sourceHost} dst {destinationHost} by access[-_]group "?{rule}"?`,
  ),
  ...messages(
    '106100 106102 106103',
    connection('access-list-hit'),
    raw`access-list {rule} {verdict} {transport} (?:for user '?{user.text}'? )?${ACCESS_LIST_SIDES}`,
    raw`access-list {rule} {verdict} {transport} (?:for user '?{user}'? )?{sourceHost} {sourcePort} {destinationHost} {destinationPort} hit-cnt`,
  ),
  ...messages(
    '110002 110003',
    denied('routing-failed'),
    raw`(?:Failed to locate egress interface|Routing failed to locate next hop) for {transport} from {sourceHost} to {destinationHost}`,
  ),
  ...messages(
    '304001',
    connection('url-accessed', 'allowed'),
    raw`(?:{user.text}@)?{sourceHost}${SOURCE_USER} Accessed (?:JAVA )?URL (?:[^\s@]{1,256}@)?{destinationHost.urlHost}:{url}`,
  ),
  ...messages(
    '304002',
    denied('url-denied'),
    raw`Access denied URL {url} SRC {sourceHost}${SOURCE_USER} DEST {destinationHost}`,
  ),
  ...messages(
    '305005 305006 305013',
    denied('translation-failed'),
    raw`(?:No translation group found for|[\w ]{1,64} creation failed for) {transport} src {source}${SOURCE_USER} dst {destination}${DESTINATION_USER}${ICMP}`,
    raw`Asymmetric NAT rules matched for forward and reverse flows; Connection for {transport} src {source}${SOURCE_USER} dst {destination}${DESTINATION_USER}${ICMP}`,
  ),
  ...messages(
    '313001 313008',
    denied('icmp-denied'),
    raw`Denied {transport} type={icmpType}, ?code={icmpCode} from {sourceHost} on interface {egress}`,
  ),
  ...messages(
    '313004',
    denied('icmp-denied'),
    raw`Denied {transport} type={icmpType},(?: code={icmpCode})? ?from (?:laddr )?{sourceHost} on interface {egress} to {destinationHost}`,
  ),
  ...messages(
    '313005',
    denied('icmp-denied'),
    raw`No matching connection for ICMP error message: {transport} src {source}${SOURCE_USER} dst {destination}${DESTINATION_USER}${ICMP}(?: on {ingress} interface)?`,
  ),
  ...messages(
    '322001',
    denied('spoofing-denied'),
    raw`Deny MAC address [\w.:]{1,32}, possible spoof attempt on interface {egress}`,
  ),
  ...messages(
    '338001 338002 338003 338004 338201 338202',
    { ...network('malicious-traffic-seen', 'alert'), category: ['network', 'threat'], type: ['indicator'] },
    LISTED_TRAFFIC,
  ),
  ...messages('338005 338006 338007 338008 338203 338204', denied('malicious-traffic-denied', 'alert'), LISTED_TRAFFIC),
  ...messages('338101 338102 338103 338104', connection('whitelisted-traffic-seen', 'allowed'), LISTED_TRAFFIC),
  ...messages(
    '410001',
    denied('dns-packet-dropped'),
    raw`Dropped {transport} DNS \w{1,32} from {source} to {destination}; {reason}`,
  ),
  ...messages(
    '418001',
    denied('management-traffic-denied'),
    raw`Through-the-device packet to/from management-only network is denied: {transport} from {sourceHost} to {destinationHost}`,
  ),
  ...messages(
    '419001 419002',
    denied('syn-rejected'),
    raw`(?:Dropping|Duplicate) {transport} (?:SYN|packet) from {source} to {destination}`,
  ),
  ...messages(
    '500003 500004',
    denied('malformed-packet-denied'),
    raw`(?:Bad {transport} hdr length \([^()]{0,64}\)|Invalid transport field for protocol={transport},) from {sourceHost} to {destinationHost}(?:, flags: .{0,64}?, on interface {egress})?`,
  ),
  ...messages(
    '710001 710002',
    connection('device-access-permitted', 'allowed'),
    raw`{transport} access (?:requested|permitted) from {sourceHost} to {destination}`,
  ),
  ...messages(
    '710003 710004 710005 710006',
    denied('device-access-denied'),
    raw`{transport} (?:access denied by ACL|connection limit exceeded|request discarded) from {sourceHost} to {destinationHost}`,
  ),
  ...messages('733100 733101 733102 733103', network('threat-rate-exceeded', 'alert')),
];
