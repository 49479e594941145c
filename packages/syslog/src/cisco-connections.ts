import {
  AUTHENTICATED_USER,
  type CiscoMessage,
  connection,
  DESTINATION_USER,
  messages,
  network,
  SOURCE_USER,
} from './cisco-message.ts';

const raw = String.raw;
/** A bracket around an address or what has a port, and not around a user. */
const NAT_START = raw`\((?=[\da-fA-F]{0,4}[.:]|[^()\\]{1,300}\/)`;
const END_OF_CONNECTION = raw`(?: duration {duration})?(?: bytes {bytes})?(?: {reason})?${AUTHENTICATED_USER}`;
const ICMP_SIDES =
  raw`faddr {destinationHost}${DESTINATION_USER} gaddr {sourceNat}(?:\([^()]{1,256}\))? laddr {sourceHost}${SOURCE_USER}${AUTHENTICATED_USER}` +
  raw`(?: type {icmpType} code {icmpCode})?`;
const OFFLOADED_SIDES = raw`from {source} \({sourceNat}\) to {destination} \({destinationNat}\)`;
/** With the access list that a translation depends on behind one interface or the other. */
const LISTED_SIDES =
  raw`{ingress}(?:\({rule.bracketed}\))?:{sourceHost}${SOURCE_USER} to ` +
  raw`(?:{egress}\({rule.bracketed}\):)?(?={sourceNat}){destinationHost}${DESTINATION_USER}`;
/** As PIX printed them before version 7. */
const OLD_SIDES = '(?:for )?faddr {destinationHost} gaddr {sourceNat} laddr {sourceHost}';

/** Connections, address translations and hosts that the firewall keeps state for. */
export const CONNECTIONS: readonly [string, CiscoMessage][] = [
  ...messages(
    '302013 302015 302017 302035 302303',
    connection('flow-creation', 'start', 'allowed'),
    raw`Built (?:{direction} )?(?:Probe )?{transport}(?: [\w-]{1,32})? connection {connection} (?:for|from) {source}(?: ?${NAT_START}{sourceNat}\))?${SOURCE_USER} to {destination}(?: ?${NAT_START}{destinationNat}\))?${DESTINATION_USER}${AUTHENTICATED_USER}`,
  ),
  ...messages(
    '302014 302016 302018 302036 302304',
    connection('flow-expiration', 'end'),
    raw`Teardown (?:Probe )?{transport}(?: [\w-]{1,32})? connection {connection} (?:for|from) {source}${SOURCE_USER}(?: \({sourceNat}\))? to {destination}${DESTINATION_USER}(?: \({destinationNat}\))?${END_OF_CONNECTION}`,
    raw`Teardown {transport} connection {connection} for {source}(?: {sourceUser.name})? to {destination}(?: {destinationUser.name})? duration {duration} bytes {bytes}(?: {reason})?`,
  ),
  ...messages(
    '302020',
    connection('flow-creation', 'start', 'allowed'),
    raw`Built (?:{direction} )?{transport} connection for ${ICMP_SIDES}`,
  ),
  ...messages(
    '302021',
    connection('flow-expiration', 'end'),
    raw`Teardown (?:{direction} )?{transport} connection for ${ICMP_SIDES}`,
  ),
  ...messages(
    '302001 302005 302009',
    connection('flow-creation', 'start', 'allowed'),
    raw`(?:Built|Rebuilt) (?:{direction} )?{transport} connection (?:{connection} )?${OLD_SIDES}${AUTHENTICATED_USER}`,
  ),
  ...messages(
    '302002 302006',
    connection('flow-expiration', 'end'),
    raw`Teardown {transport} connection (?:{connection} )?${OLD_SIDES}(?: duration {duration})?(?: bytes {bytes})?(?: \({reason}\))?`,
  ),
  ...messages(
    '302022 302024 302026',
    connection('flow-creation', 'start', 'allowed'),
    raw`Built \w{1,32} {1,2}stub {transport} connection for {source} \({sourceNat}(?:\(\d{1,5})?\) to {destination} \({destinationNat}\)`,
  ),
  ...messages(
    '302023 302025 302027',
    connection('flow-expiration', 'end'),
    raw`Teardown (?:\w{1,32} )?stub {transport} connection for {source} to {destination} duration {duration} forwarded bytes {bytes}(?: {reason})?`,
  ),
  ...messages(
    '303002',
    connection('file-transferred', 'allowed'),
    raw`FTP connection from {source}${SOURCE_USER} to {destination}${DESTINATION_USER}, user {user}`,
    raw`(?:{user}@)?{sourceHost}${SOURCE_USER} (?:Stored|Retrieved) (?:[^\s@]{1,256}@)?{destinationHost.urlHost}:\S`,
  ),
  ...messages(
    '305009 305011',
    connection('translation-created', 'start'),
    raw`Built \w{1,32}(?: {transport})? translation from {source}${SOURCE_USER} to (?={sourceNat}){destination}${DESTINATION_USER}`,
    raw`Built \w{1,32}(?: {transport})? translation from ${LISTED_SIDES}`,
  ),
  ...messages(
    '305010 305012',
    connection('translation-removed', 'end'),
    raw`Teardown \w{1,32}(?: {transport})? translation from {source}${SOURCE_USER} to (?={sourceNat}){destination}${DESTINATION_USER} duration {duration}`,
    raw`Teardown \w{1,32}(?: {transport})? translation from ${LISTED_SIDES} duration {duration}`,
  ),
  ...messages(
    '305014',
    connection('port-block-allocated', 'start'),
    raw`Allocated {transport} block of ports for translation from {source} to (?={sourceNat}){destination}`,
  ),
  ...messages(
    '305015',
    connection('port-block-released', 'end'),
    raw`Released {transport} block of ports for translation from {source} to (?={sourceNat}){destination}`,
  ),
  ...messages(
    '434002 434004',
    network('inspection-decided'),
    raw`SFR [\w ]{1,128}? (?:drop|process) {transport} (?:packet|flow) from {source} to {destination}`,
  ),
  ...messages('609001', connection('host-added', 'start'), raw`Built local-host {source}`),
  ...messages('609002', connection('host-removed', 'end'), raw`Teardown local-host {source}(?: duration {duration})?`),
  ...messages(
    '805001',
    connection('flow-offloaded', 'info'),
    raw`Offloaded {transport} Flow for connection {connection} ${OFFLOADED_SIDES}`,
  ),
  ...messages(
    '805002',
    connection('flow-no-longer-offloaded', 'info'),
    raw`{transport} Flow is no longer offloaded for connection {connection} ${OFFLOADED_SIDES}`,
  ),
];
