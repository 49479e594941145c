import { toAddress } from './address.ts';
import type { CiscoMessage } from './cisco-message.ts';
import { type Finding, type Findings, matchPattern } from './cisco-pattern.ts';
import { readEndpoint } from './endpoint.ts';

/** No firewall writes longer messages; longer ones are searched for addresses only. */
export const LONGEST_MESSAGE = 16_384;

/** What the message's own syntaxes find in its text; undefined when none of them fits. */
export function findBySyntax(message: CiscoMessage, text: string): Findings | undefined {
  for (const pattern of message.patterns) {
    const found = matchPattern(pattern, text);
    if (found !== undefined) return found;
  }
  return undefined;
}

const NAME = String.raw`<?([^\s()<>,;"']{1,300})`;
const SOURCE = new RegExp(String.raw`\b(?:src|source|from|laddr|IP|Addr|IP address)(?: =|:)? ${NAME}`, 'gi');
const DESTINATION = new RegExp(String.raw`\b(?:dst|dest|destination|to|faddr)(?: =|:)? ${NAME}`, 'gi');
const QUOTED_USER = /\b(?:user|username)(?: ?[=:])? ?(?:'([^']{1,256})'|"([^"]{1,256})"|<([^>]{1,256})>)/i;
const NAMED_USER = /\b(?:user|username|uname)(?: ?=|:) ?([^\s,'"<>]{1,256})/i;
const GROUP = /\bGroup(?: = ([^,]{1,256}),| <([^>]{1,256})>)/;
const INTERFACE = /\bon interface ([^\s(),;:"']{1,128})/;

/** What any message tells in the phrases that all of them share: `from … to …`, `User <…>`, `IP = …`. */
export function findByPhrases(text: string): Findings {
  const quoted = QUOTED_USER.exec(text);
  const group = GROUP.exec(text);
  return present({
    sourceHost: firstEndpoint(SOURCE, text),
    destinationHost: firstEndpoint(DESTINATION, text),
    user: quoted?.[1] ?? quoted?.[2] ?? quoted?.[3] ?? NAMED_USER.exec(text)?.[1],
    group: group?.[1] ?? group?.[2],
    egress: INTERFACE.exec(text)?.[1],
  });
}

/** The first name behind such a preposition that is an address: "to" and "from" stand before much else. */
function firstEndpoint(expression: RegExp, text: string): string | undefined {
  for (const match of text.matchAll(expression)) {
    const name = match[1] ?? '';
    if (readEndpoint(name, 'maybe interface').ip !== undefined) return name;
  }
  return undefined;
}

const PAIR = /(?:^|, )(\w{2,40}): ([^,]{1,1000})/g;
const PAIR_FINDINGS: ReadonlyMap<string, Finding> = new Map<string, Finding>([
  ['SrcIP', 'sourceHost'],
  ['SrcPort', 'sourcePort'],
  ['NAT_InitiatorIP', 'sourceNat'],
  ['DstIP', 'destinationHost'],
  ['DstPort', 'destinationPort'],
  ['NAT_ResponderIP', 'destinationNat'],
  ['Protocol', 'transport'],
  ['IngressInterface', 'ingress'],
  ['EgressInterface', 'egress'],
  ['AccessControlRuleName', 'rule'],
  ['AccessControlRuleAction', 'verdict'],
  ['AccessControlRuleReason', 'reason'],
  ['InlineResult', 'verdict'],
  ['User', 'user'],
  ['ConnectionID', 'connection'],
  ['ICMPType', 'icmpType'],
  ['ICMPCode', 'icmpCode'],
  ['InitiatorBytes', 'sourceBytes'],
  ['ResponderBytes', 'destinationBytes'],
  ['URL', 'url'],
]);

/** What Firepower's own messages tell in pairs: `SrcIP: 10.0.0.1, DstIP: 10.0.0.2, …`. */
export function findByPairs(text: string): Findings {
  const found: Findings = {};
  for (const [, key = '', value = ''] of text.matchAll(PAIR)) {
    const finding = PAIR_FINDINGS.get(key);
    if (finding !== undefined && !(finding.endsWith('Host') && toAddress(value) === undefined)) found[finding] = value;
  }
  return found;
}

function present(findings: { [K in Finding]?: string | undefined }): Findings {
  return Object.fromEntries(Object.entries(findings).filter(([, value]) => value !== undefined)) as Findings;
}
