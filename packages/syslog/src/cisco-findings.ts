import { type CiscoMessage, REMOTE_USER } from './cisco-message.ts';
import { ciscoPattern, type Finding, type Findings, matchPattern } from './cisco-pattern.ts';
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
const IS = '(?: ?= ?|: ?| )';
const SOURCE = new RegExp(
  String.raw`(?<![\w-])(?:src|src_addr|source|from|for|between|client|flow|host|laddr|Local|IP|IPv4|Addr|IP address)${IS}${NAME}`,
  'gi',
);
const DESTINATION = new RegExp(
  String.raw`(?<![\w-])(?:dst|dest|dest_addr|destination|to|and|server|faddr|Remote)${IS}${NAME}`,
  'gi',
);
/** Enough for every message that Cisco lists; a hostile one costs no more than this many readings. */
const MOST_CANDIDATES = 64;
const QUOTED_USER = /\b(?:user|username)(?: ?[=:])? ?(?:'([^']{1,256})'|"([^"]{1,256})"|<([^>]{1,256})>)/i;
const NAMED_USER = /\b(?:(?:user|username|uname)(?: ?=|:) ?|(?:for|client) user )([^\s,:'"<>()][^\s,'"<>()]{0,255})/i;
const GROUP = /\bGroup(?: = ([^,]{1,256}),| <([^>]{1,256})>)/;
const INTERFACE = /\bon interface ([^\s(),;:"'[\]]{1,128})/;
const REMOTE = ciscoPattern(REMOTE_USER);

/** What any message tells in the phrases that all of them share: `from … to …`, `User <…>`, `IP = …`. */
export function findByPhrases(text: string): Findings {
  const quoted = QUOTED_USER.exec(text);
  const group = GROUP.exec(text);
  return present({
    sourceHost: firstEndpoint(SOURCE, text),
    destinationHost: firstEndpoint(DESTINATION, text),
    user: quoted?.[1] ?? quoted?.[2] ?? quoted?.[3] ?? withoutEnd(NAMED_USER.exec(text)?.[1]),
    group: group?.[1] ?? group?.[2],
    egress: withoutEnd(INTERFACE.exec(text)?.[1]),
    ...matchPattern(REMOTE, text),
  });
}

/** The first name behind such a preposition that is an address: "to" and "from" stand before much else. */
function firstEndpoint(expression: RegExp, text: string): string | undefined {
  let candidates = 0;
  for (const match of text.matchAll(expression)) {
    const name = match[1] ?? '';
    if (readEndpoint(name, 'maybe interface').ip !== undefined) return name;
    if (++candidates === MOST_CANDIDATES) return undefined;
  }
  return undefined;
}

/** The name without the colon or full stop of its sentence. */
function withoutEnd(name: string | undefined): string | undefined {
  return name?.replace(/[.:]$/, '');
}

function present(findings: { [K in Finding]?: string | undefined }): Findings {
  return Object.fromEntries(Object.entries(findings).filter(([, value]) => value !== undefined)) as Findings;
}
