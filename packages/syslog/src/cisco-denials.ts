import {
  type CiscoMessage,
  connection,
  DESTINATION_USER,
  decided,
  denied,
  messages,
  network,
  SOURCE_USER,
  SPACED_DESTINATION_USER,
  SPACED_SOURCE_USER,
} from './cisco-message.ts';

const raw = String.raw;
const ICMP = raw`(?: ?\(?type {icmpType}, code {icmpCode}(?:\)|,)?)?`;
const ACCESS_GROUP = raw`by access[-_]group (?:"{rule.quoted}"|"?{rule})`;
const ACCESS_LIST = raw`access-list (?:"{rule.quoted}"|{rule}) {verdict} {transport}`;
const LISTED_USER = raw`(?:for user (?:'{user.text}'|<[^<>]{1,64}>|{user}) )?`;
const ACCESS_LIST_SIDES = raw`(?:{ingress}/)?{sourceHost}\({sourcePort}\)${SOURCE_USER} -> (?:{egress}/)?{destinationHost}\({destinationPort}\)${DESTINATION_USER}`;

const LISTED_TRAFFIC = raw`Dynamic [fF]ilter \w{1,32} \w{1,16}(?: listed)? {transport} traffic from {source} \({sourceNat}\) to {destination} \({destinationNat}\)(?:, [^:]{1,300}: {reason.item})?`;
/** 400000 to 400051, one for each signature of the inspection that is built in. */
const INSPECTION_SIGNATURES = Array.from({ length: 52 }, (_, signature) => 400_000 + signature).join(' ');

/** What the firewall refused, or let through by a rule that logs. */
export const DENIALS: readonly [string, CiscoMessage][] = [
  ...messages(
    '106001',
    denied('connection-denied'),
    raw`{direction} {transport} connection denied from {sourceHost} to {destinationHost} flags .{0,64}? on interface {egress}`,
  ),
  ...messages(
    '106002',
    denied('connection-denied'),
    raw`{transport} Connection denied by outbound list {rule} src {sourceHost} dest {destinationHost}`,
  ),
  ...messages(
    '106006 106007',
    denied('packet-denied'),
    raw`Deny {direction} {transport} from {sourceHost}${SOURCE_USER} to {destinationHost}${DESTINATION_USER}(?: on interface {egress}| due to {reason})`,
  ),
  ...messages(
    '106010 106011',
    denied('packet-denied'),
    raw`Deny {direction}(?: \(No xlate\))? {transport} src {sourceHost}${SOURCE_USER} dst {destinationHost}${SPACED_DESTINATION_USER}${ICMP}`,
    raw`Deny {direction}(?: \(No xlate\))? {transport} from {sourceHost} to {destinationHost}(?: on interface {egress})?`,
  ),
  ...messages(
    '106014',
    denied('packet-denied'),
    raw`Deny {direction} {transport} src {source}${SPACED_SOURCE_USER} dst {destination}${SPACED_DESTINATION_USER} ?\(type {icmpType}, code {icmpCode}\)`,
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
    '106018',
    denied('packet-denied'),
    raw`{transport} packet type {icmpType} denied by \w{1,16} list {rule} src {sourceHost} dest {destinationHost}`,
  ),
  ...messages(
    '106023',
    denied('packet-denied'),
    raw`Deny {transport} src {source}${SPACED_SOURCE_USER} dst {destination}${SPACED_DESTINATION_USER}${ICMP} ${ACCESS_GROUP}`,
  ),
  ...messages(
    '106027',
    denied('packet-denied'),
    raw`Deny (?:[\w-]{1,32} )?src {sourceHost} dst {destinationHost} ${ACCESS_GROUP}`,
  ),
  ...messages(
    '106100 106102 106103',
    decided('access-list-hit'),
    raw`${ACCESS_LIST} ${LISTED_USER}${ACCESS_LIST_SIDES}`,
    raw`${ACCESS_LIST} ${LISTED_USER}{sourceHost} {sourcePort} {destinationHost} {destinationPort} hit-cnt`,
  ),
  ...messages(
    '110002 110003',
    denied('routing-failed'),
    raw`(?:Failed to locate egress interface|Routing failed to locate next[- ]hop) for {transport} from {sourceHost} to {destinationHost}`,
  ),
  ...messages('201010 201011', denied('connection-limit-exceeded')),
  ...messages('209003 209004 209005', denied('fragment-denied')),
  ...messages(
    '304001',
    connection('url-accessed', 'allowed'),
    raw`(?:{user.text}@)?{sourceHost}${SOURCE_USER} Accessed (?:JAVA )?URL (?:[^\s@]{1,256}@)?{destinationHost.urlHost}:{url}`,
  ),
  ...messages(
    '304002',
    denied('url-denied'),
    raw`Access denied URL {url} SRC (?:{user.text}@)?{sourceHost}${SOURCE_USER} DEST {destinationHost}`,
  ),
  ...messages(
    '305005 305006 305013',
    denied('translation-failed'),
    raw`(?:No translation group found for|[\w ]{1,64} creation failed for) {transport} src {source}${SPACED_SOURCE_USER} dst {destination}${SPACED_DESTINATION_USER}${ICMP}`,
    raw`Asymmetric NAT rules matched for forward and reverse flows; Connection for {transport} src {source}${SPACED_SOURCE_USER} dst {destination}${SPACED_DESTINATION_USER}${ICMP}`,
  ),
  ...messages(
    '313001 313008',
    denied('icmp-denied'),
    raw`Denied {transport} type={icmpType}, ?code={icmpCode} from {sourceHost} on interface {egress}`,
  ),
  ...messages(
    '313004',
    denied('icmp-denied'),
    raw`Denied {transport} type={icmpType},(?: code={icmpCode})? ?from (?:laddr )?{sourceHost} on interface {egress}(?: to {destinationHost})?`,
  ),
  ...messages(
    '313005',
    denied('icmp-denied'),
    raw`No matching connection for ICMP error message: {transport} src {source}${SPACED_SOURCE_USER} dst {destination}${SPACED_DESTINATION_USER}${ICMP}(?: on {ingress} interface)?`,
  ),
  ...messages(
    '313009',
    denied('icmp-denied'),
    raw`Denied invalid {transport} code {icmpCode}, for {source} \({sourceNat}\)${SOURCE_USER} to {destination} \({destinationNat}\)${DESTINATION_USER}(?:, ICMP id \d{1,9})?(?:, ICMP type {icmpType})?`,
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
    INSPECTION_SIGNATURES,
    network('intrusion-detected', 'alert'),
    raw`I[DP]S:\d{1,6} .{1,128}? from {sourceHost} to {destinationHost} on interface {egress}`,
  ),
  ...messages(
    '401002',
    network('host-shunned'),
    raw`Shun added: {sourceHost} {destinationHost} {sourcePort} {destinationPort}`,
  ),
  ...messages('401003', network('host-no-longer-shunned'), raw`Shun deleted: {sourceHost}`),
  ...messages(
    '401004',
    denied('packet-denied'),
    raw`Shunned packet: {sourceHost} ==> {destinationHost} on interface {egress}`,
  ),
  ...messages(
    '407002',
    denied('connection-limit-exceeded'),
    raw`Embryonic limit [\d/]{1,32} for through connections exceeded\. ?{sourceHost} to {destinationHost} \({destinationNat}\)/\d{1,5} on interface {egress}`,
  ),
  ...messages(
    '410001',
    denied('dns-packet-dropped'),
    raw`Dropped {transport} DNS \w{1,32} from {source} to {destination}; {reason}`,
  ),
  ...messages(
    '418001',
    denied('management-traffic-denied'),
    raw`Through-the-device packet to/from management-only network is denied: {transport} (?:from|src) {sourceHost} (?:to|dst) {destinationHost}`,
  ),
  ...messages(
    '419001 419002',
    denied('syn-rejected'),
    raw`(?:Dropping|Duplicate) {transport} (?:SYN|packet) from {source} to {destination}(?:, reason: {reason})?`,
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
  ...messages(
    '507003',
    denied('flow-terminated'),
    raw`{transport} flow from {source} to {destination} terminated by inspection engine, reason ?-? ?{reason}`,
  ),
  ...messages('733100', network('threat-rate-exceeded', 'alert')),
  ...messages(
    '733101',
    network('threat-rate-exceeded', 'alert'),
    raw`\w{1,16} {sourceHost} is attacking`,
    raw`\w{1,16} {destinationHost} is targeted`,
  ),
  ...messages('733102', network('host-shunned', 'alert'), raw`Threat-detection adds host {sourceHost} to shun list`),
  ...messages(
    '733103',
    network('host-no-longer-shunned', 'alert'),
    raw`Threat-detection removes host {sourceHost} from shun list`,
  ),
];
