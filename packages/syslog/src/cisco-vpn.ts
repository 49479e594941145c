import {
  authentication,
  type CiscoMessage,
  connection,
  denied,
  messages,
  network,
  REMOTE_USER,
  session,
} from './cisco-message.ts';

const raw = String.raw;
const IKE_SIDES = raw`Local: ?{sourceHost}:{sourcePort.number} Remote: ?{destinationHost}:{destinationPort.number} Username: ?`;
const IKE_USER = raw`(?:{user.line}(?= (?:IKEv[12]|Group:|Received|Negotiation) )|{user})`;
const TLS_SIDES = raw`(?:client|server) {source}(?: to {destinationHost})?`;

/** Tunnels and those who come through them: IPsec, IKEv2, TLS, WebVPN and AnyConnect, identity firewall. */
export const TUNNELS: readonly [string, CiscoMessage][] = [
  ...messages(
    '113029 113030 113033 113035 113038',
    { ...session('session-refused', 'info'), outcome: 'failure' },
    REMOTE_USER,
  ),
  ...messages(
    '402114 402115 402116 402117 402118 402119 402120',
    denied('ipsec-packet-denied'),
    raw`IPSEC: Received an? [\w-]{1,32} packet \([^()]{0,128}\) from {sourceHost}(?: \(user= ?{user.bracketed}\))? to {destinationHost}`,
  ),
  ...messages(
    '602303',
    connection('ipsec-association-created', 'start'),
    raw`IPSEC: An {direction} [\w -]{1,64}? ?SA \([^()]{1,64}\) between {sourceHost} and {destinationHost} \(user= ?{user.bracketed}\)`,
  ),
  ...messages(
    '602304',
    connection('ipsec-association-removed', 'end'),
    raw`IPSEC: An {direction} [\w -]{1,64}? ?SA \([^()]{1,64}\) between {sourceHost} and {destinationHost} \(user= ?{user.bracketed}\)`,
  ),
  ...messages('713049 713119 713120', connection('tunnel-negotiated', 'start')),
  ...messages('713050 713259', connection('tunnel-ended', 'end')),
  ...messages('716038', authentication('authentication-succeeded', 'success'), REMOTE_USER),
  ...messages(
    '716039',
    authentication('authentication-rejected', 'failure'),
    REMOTE_USER,
    raw`Authentication: rejected, group = {group} user = {user}`,
  ),
  ...messages('716058', session('connection-lost', 'info'), REMOTE_USER),
  ...messages('716059', session('session-resumed', 'info'), REMOTE_USER),
  ...messages(
    '721016',
    session('session-started', 'start'),
    raw`\([^()]{1,64}\) WebVPN session for client user {user.item}, IP(?:v[46])? {sourceHost} has been created`,
  ),
  ...messages(
    '721018',
    session('session-terminated', 'end'),
    raw`\([^()]{1,64}\) WebVPN session for client user {user.item}, IP(?:v[46])? {sourceHost} has been deleted`,
  ),
  ...messages('722033 722034', session('connection-established', 'start'), REMOTE_USER),
  ...messages('722028 722037', session('connection-terminated', 'end'), REMOTE_USER),
  ...messages(
    '725001 725002 725003',
    connection('tls-handshake', 'start'),
    raw`[\w ]{1,64}? ${TLS_SIDES}(?: for|\s|$)`,
  ),
  ...messages('725006', { ...connection('tls-handshake', 'end'), outcome: 'failure' }, raw`[\w ]{1,64}? ${TLS_SIDES}`),
  ...messages('725007', connection('tls-session-ended', 'end'), raw`SSL session with ${TLS_SIDES}`),
  ...messages('725016', network('tls-certificate-selected'), raw`[\w ]{1,64}trust-?point \S{1,256} for ${TLS_SIDES}`),
  ...messages(
    '734002',
    { ...session('session-terminated', 'end'), outcome: 'failure' },
    raw`DAP: User {user.item}, Addr {sourceHost}: Connection terminated by the following DAP records: {rule.text}`,
  ),
  ...messages('734003', session('session-attribute-set', 'info'), raw`DAP: User {user.item}, Addr {sourceHost}: `),
  ...messages(
    '746012',
    authentication('user-mapped', 'success'),
    raw`user-identity: Add IP-User mapping {sourceHost} - {user.token} Succeeded`,
    raw`user-identity: Add IP-User mapping {sourceHost} - {user.token}`,
  ),
  ...messages(
    '746013',
    authentication('user-unmapped', 'success', 'end'),
    raw`user-identity: Delete IP-User mapping {sourceHost} - {user.token}`,
  ),
  ...messages('750001 750002', connection('tunnel-requested', 'start'), IKE_SIDES + IKE_USER),
  ...messages(
    '750003 751015 751022',
    { ...connection('tunnel-refused', 'end'), outcome: 'failure' },
    IKE_SIDES + IKE_USER,
  ),
  ...messages('750006', connection('tunnel-negotiated', 'start'), IKE_SIDES + IKE_USER),
  ...messages('750007', connection('tunnel-ended', 'end'), IKE_SIDES + IKE_USER),
  ...messages(
    '751025 751026',
    session('address-assigned', 'info'),
    raw`${IKE_SIDES}${IKE_USER} (?:IKEv[12] )?Group: ?{group.token}`,
  ),
];
