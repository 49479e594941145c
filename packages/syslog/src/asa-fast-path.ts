import { CISCO_MESSAGES } from './cisco-messages.ts';
import { nanoseconds } from './ecs-from-findings.ts';
import { readTransport } from './transport.ts';

/**
 * The commonest messages in the commonest header, each as one expression over the whole line. Every class admits only
 * characters that JSON does not escape and only numbers and addresses that are valid as they stand, so that captures
 * go into JSON text as they are. A line that does not match is not wrong, only slower.
 */
export interface FastMessage {
  readonly expression: RegExp;
  /** The members of `event` that all messages of this kind share. */
  readonly event: string;
  /** What this line adds, from the captures behind the header's. */
  tell(parts: RegExpExecArray): FastTelling | undefined;
}

/** Pieces of JSON text; each is either empty or members with a comma before them. */
export interface FastTelling {
  readonly event: string;
  readonly ingress: string;
  readonly egress: string;
  readonly members: string;
  readonly addresses: readonly string[];
}

const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const IPV4 = String.raw`${OCTET}\.${OCTET}\.${OCTET}\.${OCTET}`;
const PORT = String.raw`(0|[1-9]\d{0,4})`;
const SIDE = String.raw`([\w-]{1,64}):(${IPV4})\/${PORT}`;
const TRANSLATED = String.raw`\((${IPV4})\/${PORT}\)`;
const NUMBER = String.raw`(0|[1-9]\d{0,14})`;
const DURATION = String.raw`(\d{1,5}:\d\d:\d\d)`;
const REASON = '(?: ([A-Za-z](?:[A-Za-z -]{0,100}[A-Za-z])?))?';
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
/** Captures: 1 priority, 2 stamp, 3 host, 4 severity. */
const HEADER = String.raw`<(0|[1-9]\d{0,2})>(${MONTH} [ \d]\d \d\d:\d\d:\d\d) ([A-Za-z][\w.-]{0,254}|${IPV4}) %ASA-([0-7])-`;
const FIRST = 5;

/** By the six digits of the message. */
export const FAST_MESSAGES: ReadonlyMap<string, FastMessage> = new Map([
  fast(
    '106023',
    String.raw`Deny (tcp|udp) src ${SIDE} dst ${SIDE} by access-group "([\w-]{1,256})"(?: \[0x[\da-f]{1,16}, 0x[\da-f]{1,16}\])?`,
    (parts) => told(parts, FIRST + 1, { transport: parts[FIRST], members: `,"rule":{"name":"${parts[FIRST + 7]}"}` }),
  ),
  ...['302013', '302015'].map((code) =>
    fast(
      code,
      `Built (inbound|outbound) (TCP|UDP) connection ${NUMBER} for ${SIDE} ${TRANSLATED} to ${SIDE} ${TRANSLATED}`,
      connectionBuilt,
    ),
  ),
  fast(
    '302014',
    `Teardown (TCP|UDP) connection ${NUMBER} for ${SIDE} to ${SIDE} duration ${DURATION} bytes ${NUMBER}${REASON}`,
    connectionEnded,
  ),
  fast(
    '302016',
    `Teardown (TCP|UDP) connection ${NUMBER} for ${SIDE} to ${SIDE} duration ${DURATION} bytes ${NUMBER}`,
    connectionEnded,
  ),
  fast('305011', String.raw`Built \w{1,32} (TCP|UDP) translation from ${SIDE} to ${SIDE}`, translation),
  fast(
    '305012',
    String.raw`Teardown \w{1,32} (TCP|UDP) translation from ${SIDE} to ${SIDE} duration ${DURATION}`,
    translation,
  ),
]);

function fast(code: string, body: string, tell: FastMessage['tell']): [string, FastMessage] {
  const { kind, category, type, action, outcome } = CISCO_MESSAGES.get(code) ?? {};
  const event = JSON.stringify({ kind, dataset: 'cisco.asa', code, category, type, action, outcome }).slice(1, -1);
  return [code, { expression: new RegExp(`^${HEADER}${code}: ${body}$`), event, tell }];
}

interface Told {
  readonly transport: string | undefined;
  readonly event?: string;
  readonly network?: string;
  readonly members?: string;
  /** Where the destination's captures start, unless right behind the source's. */
  readonly destinationAt?: number;
  readonly sourceNat?: readonly [ip: string | undefined, port: string | undefined];
  readonly destinationNat?: readonly [ip: string | undefined, port: string | undefined];
}

/** Undefined when a port is none. Both sides are captured as interface, address and port. */
function told(parts: RegExpExecArray, sourceAt: number, more: Told): FastTelling | undefined {
  const to = more.destinationAt ?? sourceAt + 3;
  const sourceIp = parts[sourceAt + 1] as string;
  const destinationIp = parts[to + 1] as string;
  const source = sideText(sourceIp, parts[sourceAt + 2], more.sourceNat);
  const destination = sideText(destinationIp, parts[to + 2], more.destinationNat);
  if (source === undefined || destination === undefined) return undefined;
  const network = `${NETWORKS.get(more.transport as string)}${more.network ?? ''}`;
  return {
    event: more.event ?? '',
    ingress: parts[sourceAt] as string,
    egress: parts[to] as string,
    members: `,"source":${source},"destination":${destination},"network":{${network}}${more.members ?? ''}`,
    addresses: [sourceIp, more.sourceNat?.[0] ?? sourceIp, destinationIp, more.destinationNat?.[0] ?? destinationIp],
  };
}

function sideText(ip: string, port: string | undefined, nat: Told['sourceNat']): string | undefined {
  if (!isPort(port)) return undefined;
  if (nat === undefined) return `{"ip":"${ip}","port":${port}}`;
  return isPort(nat[1]) ? `{"ip":"${ip}","port":${port},"nat":{"ip":"${nat[0]}","port":${nat[1]}}}` : undefined;
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && (text.length < 5 || Number(text) <= 65_535);
}

const NETWORKS: ReadonlyMap<string, string> = new Map(
  ['tcp', 'udp', 'TCP', 'UDP'].map((name) => [
    name,
    JSON.stringify({ ...readTransport(name), type: 'ipv4' }).slice(1, -1),
  ]),
);

function connectionBuilt(parts: RegExpExecArray): FastTelling | undefined {
  return told(parts, FIRST + 3, {
    transport: parts[FIRST + 1],
    network: `,"direction":"${parts[FIRST]}"`,
    destinationAt: FIRST + 8,
    sourceNat: [parts[FIRST + 6], parts[FIRST + 7]],
    destinationNat: [parts[FIRST + 11], parts[FIRST + 12]],
    members: `,"cisco":{"asa":{"connection_id":"${parts[FIRST + 2]}"}}`,
  });
}

function connectionEnded(parts: RegExpExecArray): FastTelling | undefined {
  const reason = parts[FIRST + 10];
  return told(parts, FIRST + 2, {
    transport: parts[FIRST],
    event: `${reason === undefined ? '' : `,"reason":"${reason}"`},"duration":${nanoseconds(parts[FIRST + 8] as string)}`,
    network: `,"bytes":${parts[FIRST + 9]}`,
    members: `,"cisco":{"asa":{"connection_id":"${parts[FIRST + 1]}"}}`,
  });
}

/** The translated address is both the destination of the translation and what its source becomes. */
function translation(parts: RegExpExecArray): FastTelling | undefined {
  const duration = parts[FIRST + 7];
  return told(parts, FIRST + 1, {
    transport: parts[FIRST],
    event: duration === undefined ? '' : `,"duration":${nanoseconds(duration)}`,
    sourceNat: [parts[FIRST + 5], parts[FIRST + 6]],
  });
}
