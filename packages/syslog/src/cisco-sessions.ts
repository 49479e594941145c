import { authentication, type CiscoMessage, configuration, messages, REMOTE_USER, session } from './cisco-message.ts';

const raw = String.raw;
/** The blanks around the colons come and go with the versions. */
const AAA_ACCOUNT =
  raw` ?: (?:reason = {reason} ?: )?(?:server = {1,4}{destinationHost}|local database) ?[:,] [Uu]ser = ?` +
  raw`(?:(?!: user IP){user.line})?(?: ?: user IP = (?:None|{sourceHost}))?\s{0,8}$`;

/** People: who logged in where, who changed what, and remote-access sessions. */
export const SESSIONS: readonly [string, CiscoMessage][] = [
  ...messages(
    '111001',
    configuration('configuration-written', 'access'),
    raw`Begin configuration: {sourceHost} writing to`,
  ),
  ...messages(
    '111002 111007',
    configuration('configuration-read', 'access'),
    raw`Begin configuration: {sourceHost} reading from`,
  ),
  ...messages('111003', configuration('configuration-erased', 'change'), raw`{sourceHost} Erase configuration`),
  ...messages(
    '111008 111009',
    configuration('command-executed', 'change'),
    raw`User '?{user.text}'? executed (?:the '|cmd: ?){command}`,
  ),
  ...messages(
    '111010',
    configuration('command-executed', 'change'),
    raw`User '?{user.text}'?, running '[^']{0,128}' from IP {sourceHost}, executed '?{command}`,
  ),
  ...messages(
    '113003',
    authentication('group-policy-set', 'success', 'info'),
    raw`AAA group policy for user {user} is being set to {group}`,
  ),
  ...messages(
    '113004 113012',
    authentication('authentication-succeeded', 'success'),
    raw`AAA user \w{1,32} Successful${AAA_ACCOUNT}`,
  ),
  ...messages(
    '113005 113014 113015 113016 113017',
    authentication('authentication-rejected', 'failure'),
    raw`AAA [\w ]{1,64}? (?:[Rr]ejected|not accessible)${AAA_ACCOUNT}`,
  ),
  ...messages(
    '109005 109007',
    authentication('authentication-succeeded', 'success'),
    raw`Auth\w{1,16} (?:succeeded|permitted) for user '?{user.text}'? from {sourceHost} to {destinationHost}(?: on interface {egress})?`,
  ),
  ...messages(
    '109006 109008',
    authentication('authentication-failed', 'failure'),
    raw`Auth\w{1,16} (?:failed|denied) for user '?{user.text}'? from {sourceHost} to {destinationHost}(?: on interface {egress})?`,
  ),
  ...messages('113006', authentication('user-locked-out', 'failure', 'info'), raw`User '?{user}'? locked out`),
  ...messages('113008 113009 113011', authentication('authentication-completed', 'success', 'info')),
  ...messages(
    '113019',
    session('session-disconnected', 'end'),
    raw`Group = {group.line}?, Username = {user.line}?, IP = {sourceHost}, Session disconnected\. Session Type: [^,]{0,64}, Duration: {duration.item}, Bytes xmt: {destinationBytes}, Bytes rcv: {sourceBytes}, Reason: {reason}`,
  ),
  ...messages(
    '113021',
    authentication('login-denied', 'failure'),
    raw`Attempted console login failed[. ]{1,2}[Uu]ser '?{user.text}'? did NOT`,
  ),
  ...messages('113039', session('session-started', 'start'), REMOTE_USER),
  ...messages(
    '315011',
    session('session-disconnected', 'end'),
    raw`SSH session from (?:{sourceHost} )?on interface {ingress} for user "?{user.text}"? (?:disconnected by SSH server, reason: "?{reason}|terminated normally)`,
  ),
  ...messages(
    '308001',
    authentication('authentication-failed', 'failure'),
    raw`[\w ]{1,64} password incorrect for \d{1,6} tries \(from {sourceHost}\)`,
  ),
  ...messages('502103', configuration('privilege-changed', 'change'), raw`User priv level changed: Uname: {user}`),
  ...messages(
    '605004',
    authentication('login-denied', 'failure'),
    raw`Login denied from {sourceHost} to {destinationHost} for user (?:"{user.line}?"|{user})\s{0,8}$`,
  ),
  ...messages(
    '605005',
    authentication('login-permitted', 'success'),
    raw`Login permitted from {sourceHost} to {destinationHost} for user (?:"{user.line}?"|{user})\s{0,8}$`,
  ),
  ...messages(
    '611101',
    authentication('authentication-succeeded', 'success'),
    raw`User authentication succeeded: (?:IP(?: address)?(?: =|:) {sourceHost}, )?Uname: {user.line}\s{0,8}$`,
  ),
  ...messages(
    '611102',
    authentication('authentication-failed', 'failure'),
    raw`User authentication failed: (?:IP(?: address)?(?: =|:) {sourceHost}, )?Uname: {user.line}\s{0,8}$`,
  ),
  ...messages(
    '611103',
    authentication('logged-out', 'success', 'end'),
    raw`User logged out: Uname: {user.line}\s{0,8}$`,
  ),
  ...messages('713172', session('nat-detected', 'info')),
  ...messages('716001', session('session-started', 'start'), REMOTE_USER),
  ...messages(
    '716002',
    session('session-terminated', 'end'),
    raw`${REMOTE_USER} (?:WebVPN|AnyConnect) session terminated: {reason}`,
  ),
  ...messages('722022', session('connection-established', 'start'), REMOTE_USER),
  ...messages('722023', session('connection-terminated', 'end'), REMOTE_USER),
  ...messages('722051', session('address-assigned', 'info'), REMOTE_USER),
  ...messages(
    '734001',
    session('access-policy-selected', 'info'),
    raw`DAP: User {user.item}, Addr {sourceHost}, Connection [^:]{0,128}: The following DAP records were selected for this connection: {rule.text}`,
  ),
];
