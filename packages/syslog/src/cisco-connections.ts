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
const END_OF_CONNECTION = raw`(?: duration {duration})?(?: bytes {bytes})?(?: {reason})?${AUTHENTICATED_USER}`;
const ICMP_SIDES =
  raw`faddr {destinationHost}${DESTINATION_USER} gaddr {sourceNat} laddr {sourceHost}${SOURCE_USER}${AUTHENTICATED_USER}` +
  raw`(?: type {icmpType} code {icmpCode})?`;

/** Connections, address translations and hosts that the firewall keeps state for. */
export const CONNECTIONS: readonly [string, CiscoMessage][] = [
  ...messages(
    '302013 302015 302017 302035 302303',
    connection('flow-creation', 'start', 'allowed'),
    raw`Built (?:{direction} )?{transport}(?: [\w-]{1,32})? connection {connection} (?:for|from) {source} ?\({sourceNat}\)${SOURCE_USER} to {destination} ?\({destinationNat}\)${DESTINATION_USER}${AUTHENTICATED_USER}`,
  ),
  ...messages(
    '302014 302016 302018 302036 302304',
    connection('flow-expiration', 'end'),
    raw`Teardown {transport}(?: [\w-]{1,32})? connection {connection} (?:for|from) {source}${SOURCE_USER}(?: \({sourceNat}\))? to {destination}${DESTINATION_USER}(?: \({destinationNat}\))?${END_OF_CONNECTION}`,
  ),
  ...messages(
    '302020',
    connection('flow-creation', 'start', 'allowed'),
    raw`Built {direction} {transport} connection for ${ICMP_SIDES}`,
  ),
  ...messages(
    '302021',
    connection('flow-expiration', 'end'),
    raw`Teardown (?:{direction} )?{transport} connection for ${ICMP_SIDES}`,
  ),
  ...messages(
    '302022 302024 302026',
    connection('flow-creation', 'start', 'allowed'),
    raw`Built \w{1,32} {1,2}stub {transport} connection for {source} \({sourceNat}\) to {destination} \({destinationNat}\)`,
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
  ),
  ...messages(
    '305009 305011',
    connection('translation-created', 'start'),
    raw`Built \w{1,32}(?: {transport})? translation from {source}${SOURCE_USER} to (?={sourceNat}){destination}${DESTINATION_USER}`,
    raw`Built \w{1,32}(?: {transport})? translation from {ingress}\({rule}\):{sourceHost}${SOURCE_USER} to (?={sourceNat}){destination}`,
  ),
  ...messages(
    '305010 305012',
    connection('translation-removed', 'end'),
    raw`Teardown \w{1,32}(?: {transport})? translation from {source}${SOURCE_USER} to (?={sourceNat}){destination}${DESTINATION_USER} duration {duration}`,
    raw`Teardown \w{1,32}(?: {transport})? translation from {ingress}\({rule}\):{sourceHost}${SOURCE_USER} to (?={sourceNat}){destination} duration {duration}`,
  ),
  ...messages(
    '434002 434004',
    network('inspection-decided'),
    raw`SFR [\w ]{1,128}? (?:drop|process) {transport} (?:packet|flow) from {source} to {destination}`,
  ),
  ...messages('609001', connection('host-added', 'start'), raw`Built local-host {source}`),
  ...messages('609002', connection('host-removed', 'end'), raw`Teardown local-host {source}(?: duration {duration})?`),
  ...messages(
    '725001 725002 725003',
    connection('tls-handshake', 'start'),
    raw`[\w ]{1,64}? client {source}(?: to {destinationHost})?(?: for|\s|$)`,
  ),
  ...messages(
    '725007',
    connection('tls-session-ended', 'end'),
    raw`SSL session with client {source}(?: to {destinationHost})?`,
  ),
];
