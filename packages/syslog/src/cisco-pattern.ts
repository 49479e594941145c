/**
 * What a captured text is made of. Each class excludes what follows it in the patterns, and each is bounded, so that
 * matching takes linear time.
 */
const CLASSES = {
  name: String.raw`(?:NP Identity Ifc:)?[^\s()<>,;"']{1,300}`,
  protocol: String.raw`protocol \d{1,3}|[\w.-]{1,32}`,
  interface: String.raw`[^\s(),;:"']{1,128}`,
  word: String.raw`[\w.-]{1,32}`,
  number: String.raw`\d{1,15}`,
  domainUser: String.raw`[^(),\\]{1,128}\\[^(),]{1,256}`,
  bracketed: '[^()]{1,300}',
  angled: '[^<>]{1,300}',
  quoted: '[^"]{1,300}',
  token: String.raw`\S{1,300}`,
  way: '[Ii]nbound|[Oo]utbound',
  text: `[^'"<>()]{1,300}`,
  clause: `[^:'"<>()]{1,300}`,
  urlHost: String.raw`[^\s@/]{1,300}?`,
  url: String.raw`(?:[a-zA-Z]{2,16}:\/\/|\/)\S{0,16384}`,
  item: '[^,]{1,256}',
  duration: String.raw`[\d:dhms]{1,32}`,
  line: '[^]{1,300}?',
  rest: '[^]{0,16384}',
} as const;

/** What a pattern can find. Endpoints whose message may leave out the interface end in `Host`. */
export type Finding =
  | 'source'
  | 'sourceHost'
  | 'sourceNat'
  | 'sourcePort'
  | 'sourceUser'
  | 'destination'
  | 'destinationHost'
  | 'destinationNat'
  | 'destinationPort'
  | 'destinationUser'
  | 'transport'
  | 'application'
  | 'direction'
  | 'verdict'
  | 'ingress'
  | 'egress'
  | 'rule'
  | 'user'
  | 'group'
  | 'reason'
  | 'command'
  | 'url'
  | 'connection'
  | 'duration'
  | 'bytes'
  | 'sourceBytes'
  | 'destinationBytes'
  | 'icmpType'
  | 'icmpCode';

const FINDINGS: Readonly<Record<Finding, keyof typeof CLASSES>> = {
  source: 'name',
  sourceHost: 'name',
  sourceNat: 'name',
  sourcePort: 'word',
  sourceUser: 'domainUser',
  destination: 'name',
  destinationHost: 'name',
  destinationNat: 'name',
  destinationPort: 'word',
  destinationUser: 'domainUser',
  transport: 'protocol',
  application: 'word',
  direction: 'way',
  verdict: 'word',
  ingress: 'interface',
  egress: 'interface',
  rule: 'token',
  user: 'name',
  group: 'text',
  reason: 'clause',
  command: 'rest',
  url: 'url',
  connection: 'number',
  duration: 'duration',
  bytes: 'number',
  sourceBytes: 'number',
  destinationBytes: 'number',
  icmpType: 'number',
  icmpCode: 'number',
};

/** The texts that a pattern found, by what they are. */
export type Findings = { [K in Finding]?: string };

/** A message's syntax: a regular expression in which `{finding}` or `{finding.class}` captures a finding. */
export interface CiscoPattern {
  readonly expression: RegExp;
  readonly findings: readonly Finding[];
}

/** Compiles a message's syntax, anchored at its start. */
export function ciscoPattern(syntax: string): CiscoPattern {
  const findings: Finding[] = [];
  const source = syntax.replace(
    /\{([a-zA-Z]+)(?:\.([a-zA-Z]+))?\}/g,
    (_, name: Finding, kind?: keyof typeof CLASSES) => {
      findings.push(name);
      return `(${CLASSES[kind ?? FINDINGS[name]]})`;
    },
  );
  return { expression: new RegExp(`^${source}`), findings };
}

/** What the pattern finds in the text; undefined when the text has another syntax. */
export function matchPattern(pattern: CiscoPattern, text: string): Findings | undefined {
  const parts = pattern.expression.exec(text);
  if (parts === null) return undefined;
  const found: Findings = {};
  let group = 1;
  for (const name of pattern.findings) {
    const value = parts[group++];
    if (value !== undefined) found[name] = value;
  }
  return found;
}
