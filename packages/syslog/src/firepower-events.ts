import { toAddress } from './address.ts';
import { type CiscoMessage, connection, messages, network } from './cisco-message.ts';
import type { Finding, Findings } from './cisco-pattern.ts';

/** Firepower's own messages, which tell all they have in pairs; the rule's or the inspection's verdict decides. */
export const FIREPOWER_EVENTS: ReadonlyMap<string, CiscoMessage> = new Map([
  ...messages('430001', {
    ...network('intrusion-detected', 'alert'),
    category: ['network', 'intrusion_detection'],
  }),
  ...messages('430002', connection('connection-started', 'start')),
  ...messages('430003', connection('connection-finished', 'end')),
  ...messages('430004', { ...network('file-detected'), category: ['network', 'file'] }),
  ...messages('430005', { ...network('malware-detected', 'alert'), category: ['network', 'malware'] }),
]);

/** A name such as `SrcIP` or `Prefilter Policy` at the start or behind a comma: a value may hold commas itself. */
const NAME = /(?:^|, {0,4})([A-Z][A-Za-z_]{1,40}(?: [A-Z][A-Za-z]{1,40})?):(?: |(?=,|$))/g;
const FINDINGS: ReadonlyMap<string, Finding> = new Map<string, Finding>([
  ['SrcIP', 'sourceHost'],
  ['SrcPort', 'sourcePort'],
  ['NAT_InitiatorIP', 'sourceNat'],
  ['DstIP', 'destinationHost'],
  ['DstPort', 'destinationPort'],
  ['NAT_ResponderIP', 'destinationNat'],
  ['Protocol', 'transport'],
  ['ApplicationProtocol', 'application'],
  ['IngressInterface', 'ingress'],
  ['EgressInterface', 'egress'],
  ['AccessControlRuleName', 'rule'],
  ['AccessControlRuleAction', 'verdict'],
  ['AccessControlRuleReason', 'reason'],
  ['InlineResult', 'verdict'],
  ['FileAction', 'verdict'],
  ['User', 'user'],
  ['ConnectionID', 'connection'],
  ['ConnectionDuration', 'duration'],
  ['ICMPType', 'icmpType'],
  ['ICMPCode', 'icmpCode'],
  ['InitiatorBytes', 'sourceBytes'],
  ['ResponderBytes', 'destinationBytes'],
  ['URL', 'url'],
  ['URI', 'url'],
]);
const ADDRESSES: ReadonlySet<Finding> = new Set<Finding>([
  'sourceHost',
  'sourceNat',
  'destinationHost',
  'destinationNat',
]);
const NUMBERS: ReadonlySet<Finding> = new Set<Finding>([
  'connection',
  'icmpType',
  'icmpCode',
  'sourceBytes',
  'destinationBytes',
]);
/** What Firepower prints where it knows of no user. */
const NO_USER = /^(?:No Authentication Required|Not Found|Unknown|Special Identities\\.*)$/;

/** What the pairs tell: `SrcIP: 10.0.0.1, DstIP: 10.0.0.2, …`. */
export function findByPairs(text: string): Findings {
  const found: Findings = {};
  const pairs = pairsOf(text);
  for (const [name, value] of pairs) {
    const finding = FINDINGS.get(name);
    if (finding !== undefined && isBelievable(finding, value)) found[finding] = value;
  }
  if (found.duration !== undefined) found.duration = clockReading(Number(found.duration));
  for (const [finding, name] of [
    ['sourceNat', 'NAT_InitiatorPort'],
    ['destinationNat', 'NAT_ResponderPort'],
  ] as const) {
    const port = pairs.get(name);
    if (found[finding] !== undefined && port !== undefined) found[finding] += `/${port}`;
  }
  return found;
}

function clockReading(seconds: number): string {
  return `${Math.floor(seconds / 3600)}:${Math.floor(seconds / 60) % 60}:${seconds % 60}`;
}

function pairsOf(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  let name: string | undefined;
  let start = 0;
  for (const match of text.matchAll(NAME)) {
    if (name !== undefined) pairs.set(name, text.slice(start, match.index).trim());
    name = match[1];
    start = match.index + match[0].length;
  }
  if (name !== undefined) pairs.set(name, text.slice(start).trim());
  return pairs;
}

function isBelievable(finding: Finding, value: string): boolean {
  if (value === '') return false;
  if (ADDRESSES.has(finding)) return toAddress(value) !== undefined;
  if (NUMBERS.has(finding)) return /^\d{1,15}$/.test(value);
  if (finding === 'duration') return /^\d{1,10}$/.test(value);
  return finding !== 'user' || !NO_USER.test(value);
}
