/** How `asaLines` chooses; the same seed gives the same lines. */
export interface AsaTrafficOptions {
  readonly seed: number;
  /** Milliseconds since the epoch for the next line's stamp, asked once per line. Default: the system's clock. */
  readonly now?: () => number;
}

type Random = (below: number) => number;

const FIREWALLS = ['fw-edge-1', 'fw-edge-2', 'fw-core-1', 'fw-branch-7'];
const USERS = ['admin', 'mallory', 'alice', 'bob', 'svc-backup'];
const REASONS = ['TCP FINs', 'TCP Reset-O', 'TCP Reset-I', 'SYN Timeout', 'Connection timeout'];
const SERVICES = [443, 80, 53, 22, 25, 3389, 8443, 123];
const LOCAL4 = 20 * 8;

/** An endless run of realistic ASA lines with priority and RFC 3164 header, mixed as on a busy edge firewall. */
export function* asaLines(options: AsaTrafficOptions): Generator<string, never, undefined> {
  const random = seededRandom(options.seed);
  const now = options.now ?? Date.now;
  for (;;) {
    const severityAndText = MIX[random(MIX.length)]?.(random) ?? '';
    const priority = LOCAL4 + Number(severityAndText[0]);
    yield `<${priority}>${stamp(now())} ${pick(FIREWALLS, random)} %ASA-${severityAndText}`;
  }
}

/** Line `n` of a uniform load of about 200 bytes: a packet denied by an access list, its ports and addresses varied. */
export function asa106023Line(n: number): string {
  const source = `203.0.113.${n % 254}/${1024 + (n % 60_000)}`;
  const destination = `10.20.${(n >> 8) % 250}.${n % 250}/443`;
  const list = 'OUTSIDE_ACCESS_IN_FROM_THE_INTERNET';
  const time = `10:00:${String(Math.floor(n / 5000) % 60).padStart(2, '0')}`;
  return `<164>Nov 23 ${time} fw-edge-1 %ASA-4-106023: Deny tcp src outside:${source} dst inside:${destination} by access-group "${list}" [0x8ed66b60, 0xf8852875]`;
}

/** Weighted by repetition. */
const MIX: readonly ((random: Random) => string)[] = [
  ...[built, built, built, built, ended, ended, ended, ended],
  ...[builtUdp, builtUdp, endedUdp, endedUdp, denied, denied, denied],
  ...[translated, untranslated, noConnection, accessList, icmp, authenticated, rejected, login],
];

function built(random: Random): string {
  const outside = `${publicAddress(random)}/${service(random)}`;
  const translatedTo = `198.51.100.${1 + random(250)}/${port(random)}`;
  return `6-302013: Built outbound TCP connection ${random(1e9)} for outside:${outside} (${outside}) to inside:${client(random)} (${translatedTo})`;
}

function builtUdp(random: Random): string {
  const outside = `${publicAddress(random)}/53`;
  const inside = client(random);
  return `6-302015: Built outbound UDP connection ${random(1e9)} for outside:${outside} (${outside}) to inside:${inside} (${inside})`;
}

function ended(random: Random): string {
  const minutes = String(random(60)).padStart(2, '0');
  const ends = `outside:${publicAddress(random)}/${service(random)} to inside:${client(random)}`;
  return `6-302014: Teardown TCP connection ${random(1e9)} for ${ends} duration 0:${minutes}:07 bytes ${random(1e6)} ${pick(REASONS, random)}`;
}

function endedUdp(random: Random): string {
  const ends = `outside:${publicAddress(random)}/53 to inside:${client(random)}`;
  return `6-302016: Teardown UDP connection ${random(1e9)} for ${ends} duration 0:02:01 bytes ${random(2000)}`;
}

function denied(random: Random): string {
  const ends = `src outside:${publicAddress(random)}/${port(random)} dst inside:${client(random)}`;
  return `4-106023: Deny ${pick(['tcp', 'udp'], random)} ${ends} by access-group "OUTSIDE_IN" [0x8ed66b60, 0xf8852875]`;
}

function translated(random: Random): string {
  return `6-305011: Built dynamic TCP translation from inside:${client(random)} to outside:198.51.100.7/${port(random)}`;
}

function untranslated(random: Random): string {
  return `6-305012: Teardown dynamic UDP translation from inside:${client(random)} to outside:198.51.100.7/${port(random)} duration 0:00:30`;
}

function noConnection(random: Random): string {
  return `6-106015: Deny TCP (no connection) from ${publicAddress(random)}/${port(random)} to ${client(random)} flags RST on interface outside`;
}

function accessList(random: Random): string {
  const ends = `inside/${clientAddress(random)}(${port(random)}) -> outside/${publicAddress(random)}(${service(random)})`;
  return `6-106100: access-list INSIDE_OUT permitted tcp ${ends} hit-cnt 1 first hit [0x62c4905, 0x0]`;
}

function icmp(random: Random): string {
  return `6-302020: Built inbound ICMP connection for faddr ${publicAddress(random)}/0 gaddr 198.51.100.7/0 laddr ${clientAddress(random)}/0 type 8 code 0`;
}

function authenticated(random: Random): string {
  return `6-113004: AAA user authentication Successful : server = 10.0.0.5 : user = ${pick(USERS, random)}`;
}

function rejected(random: Random): string {
  return `6-113005: AAA user authentication Rejected : reason = Invalid password : server = 10.0.0.5 : user = ${pick(USERS, random)} : user IP = ${publicAddress(random)}`;
}

function login(random: Random): string {
  return `6-605005: Login permitted from ${client(random)} to inside:10.0.0.1/ssh for user "${pick(USERS, random)}"`;
}

function client(random: Random): string {
  return `${clientAddress(random)}/${port(random)}`;
}

function clientAddress(random: Random): string {
  return `10.20.${random(16)}.${1 + random(250)}`;
}

function publicAddress(random: Random): string {
  return `203.0.113.${1 + random(250)}`;
}

function port(random: Random): number {
  return 1024 + random(64_000);
}

function service(random: Random): number {
  return pick(SERVICES, random);
}

function pick<T>(choices: readonly T[], random: Random): T {
  return choices[random(choices.length)] as T;
}

function stamp(time: number): string {
  const date = new Date(time).toUTCString();
  return `${date.slice(8, 11)} ${date.slice(5, 7).replace(/^0/, ' ')} ${date.slice(17, 25)}`;
}

/** Mulberry32. */
function seededRandom(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}
