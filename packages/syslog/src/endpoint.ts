import { toAddress } from './address.ts';

/** One side of a connection as a Cisco message names it: `inside:10.0.0.1/443`, `outside/10.0.0.1`, `10.0.0.1/ssh`. */
export interface Endpoint {
  readonly interface?: string;
  readonly ip?: string;
  /** What the message says where that is not the bare address itself. */
  readonly address?: string;
  readonly port?: number;
  /** The name of a service in the port's place. */
  readonly service?: string;
  /** A port that cannot be one. */
  readonly invalidPort?: string;
}

/** The names that ASA prints in place of the commonest ports. */
const SERVICE_PORTS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ 'ftp-data': 20, ftp: 21, ssh: 22, telnet: 23, smtp: 25, tacacs: 49, domain: 53, bootps: 67, bootpc: 68 },
    ...{ tftp: 69, www: 80, http: 80, pop3: 110, sunrpc: 111, ntp: 123, 'netbios-ns': 137, 'netbios-dgm': 138 },
    ...{ 'netbios-ssn': 139, imap4: 143, snmp: 161, snmptrap: 162, bgp: 179, ldap: 389, https: 443, isakmp: 500 },
    ...{ syslog: 514, rip: 520, ldaps: 636, sqlnet: 1521, h323: 1720, pptp: 1723, radius: 1645, sip: 5060 },
  }),
);

/**
 * Reads one side of a connection. `naming` says whether the message always names an interface before the address,
 * which decides how `cafe:2001:db8::1` is read.
 */
export function readEndpoint(text: string, naming: 'interface' | 'maybe interface'): Endpoint {
  const trimmed = text.endsWith('.') || (text.endsWith(':') && !text.endsWith('::')) ? text.slice(0, -1) : text;
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return readHost(trimmed, naming);
  const tail = trimmed.slice(slash + 1);
  const ip = toAddress(tail);
  if (ip !== undefined) return { interface: trimmed.slice(0, slash), ...hostFields(tail, ip) };
  return { ...readHost(trimmed.slice(0, slash), naming), ...readPort(tail) };
}

function readHost(text: string, naming: 'interface' | 'maybe interface'): Endpoint {
  const bare = naming === 'maybe interface' ? toAddress(text) : undefined;
  if (bare !== undefined) return hostFields(text, bare);
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    const ip = toAddress(text.slice(colon + 1));
    if (ip !== undefined) return splitAt(text, colon, ip);
  }
  const whole = toAddress(text);
  return whole === undefined ? splitAt(text, text.lastIndexOf(':'), undefined) : hostFields(text, whole);
}

function splitAt(text: string, colon: number, ip: string | undefined): Endpoint {
  const name = text.slice(0, Math.max(colon, 0));
  return { ...(name === '' ? {} : { interface: name }), ...hostFields(text.slice(colon + 1), ip) };
}

function hostFields(text: string, ip: string | undefined): Endpoint {
  if (ip === text) return { ip };
  return { ...(ip === undefined ? {} : { ip }), ...(text === '' ? {} : { address: text }) };
}

/** A port from 0 to 65535, leading zeros allowed; the name of a service; or what is neither. */
export function readPort(text: string): Endpoint {
  if (/^\d+$/.test(text)) {
    const port = Number(text);
    return port <= 65_535 ? { port } : { invalidPort: text };
  }
  if (!/^[a-z][\w.-]*$/i.test(text)) return {};
  const service = text.toLowerCase();
  const port = SERVICE_PORTS.get(service);
  return port === undefined ? { service } : { service, port };
}
