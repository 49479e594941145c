import type { CiscoMessage } from './cisco-message.ts';
import type { Findings } from './cisco-pattern.ts';
import type { EcsEndpoint, EcsEvent } from './ecs-event.ts';
import { type Endpoint, readEndpoint, readPort } from './endpoint.ts';
import { readTransport } from './transport.ts';

/** Writes what a firewall's message tells into the event; what cannot be believed is added to `problems`. */
export function addFindings(event: EcsEvent, found: Findings, problems: string[]): void {
  const transport = found.transport === undefined ? undefined : readTransport(found.transport);
  const hasPorts = transport?.transport?.endsWith('icmp') !== true;
  const source = side(found.source, found.sourceHost, found.sourcePort);
  const destination = side(found.destination, found.destinationHost, found.destinationPort);
  const from = ecsEndpoint('source', source, found.sourceNat, found.sourceUser, hasPorts, problems);
  const to = ecsEndpoint('destination', destination, found.destinationNat, found.destinationUser, hasPorts, problems);
  if (found.destinationBytes !== undefined && found.sourceBytes !== undefined) {
    from.bytes = Number(found.sourceBytes);
    to.bytes = Number(found.destinationBytes);
  }
  if (hasFields(from)) event.source = from;
  if (hasFields(to)) event.destination = to;
  addNetwork(event, found, transport, found.application?.toLowerCase() ?? destination?.service);
  addInterfaces(event, found.ingress ?? source?.interface, found.egress ?? destination?.interface);
  addPeople(event, found);
  if (found.rule !== undefined) event.rule = { name: found.rule };
  if (found.url !== undefined) event.url = { original: found.url };
  addState(event, found);
}

function side(named: string | undefined, host: string | undefined, port: string | undefined): Endpoint | undefined {
  const text = named ?? host;
  if (text === undefined) return undefined;
  const endpoint = readEndpoint(text, named === undefined ? 'maybe interface' : 'interface');
  return port === undefined ? endpoint : { ...endpoint, ...readPort(port) };
}

function ecsEndpoint(
  name: string,
  endpoint: Endpoint | undefined,
  natText: string | undefined,
  user: string | undefined,
  hasPorts: boolean,
  problems: string[],
): EcsEndpoint {
  const result: EcsEndpoint = {};
  if (endpoint?.address !== undefined) result.address = endpoint.address;
  if (endpoint?.ip !== undefined) result.ip = endpoint.ip;
  if (endpoint?.port !== undefined && hasPorts) result.port = endpoint.port;
  if (endpoint?.invalidPort !== undefined) problems.push(`The ${name} port ${endpoint.invalidPort} is above 65535.`);
  if (natText !== undefined) {
    const nat = readEndpoint(natText, 'maybe interface');
    const { ip, port } = nat;
    if (ip !== undefined) result.nat = port !== undefined && hasPorts ? { ip, port } : { ip };
    if (nat.invalidPort !== undefined) problems.push(`The translated ${name} port ${nat.invalidPort} is above 65535.`);
  }
  if (user !== undefined) result.user = { name: user };
  return result;
}

function addNetwork(
  event: EcsEvent,
  found: Findings,
  transport: ReturnType<typeof readTransport> | undefined,
  service: string | undefined,
): void {
  const network: NonNullable<EcsEvent['network']> = { ...transport };
  const ip = event.source?.ip ?? event.destination?.ip;
  if (ip !== undefined) network.type = ip.includes(':') ? 'ipv6' : 'ipv4';
  if (service !== undefined) network.protocol = service;
  if (found.direction !== undefined) network.direction = found.direction.toLowerCase();
  if (found.bytes !== undefined) network.bytes = Number(found.bytes);
  if (hasFields(network)) event.network = network;
}

function addInterfaces(event: EcsEvent, ingress: string | undefined, egress: string | undefined): void {
  if (event.observer === undefined) return;
  if (ingress !== undefined) event.observer.ingress = { interface: { name: ingress } };
  if (egress !== undefined) event.observer.egress = { interface: { name: egress } };
}

function addPeople(event: EcsEvent, found: Findings): void {
  const name = found.user?.trim();
  const group = found.group?.trim();
  const user: NonNullable<EcsEvent['user']> = {};
  if (name) user.name = name;
  if (group) user.group = { name: group };
  if (hasFields(user)) event.user = user;
  if (found.command) event.process = { command_line: commandText(found.command) };
}

/** The quotes and the sentence's end that Cisco puts around a command are not part of it. */
function commandText(text: string): string {
  const trimmed = text.trim();
  const end = trimmed.lastIndexOf("'");
  return end > 0 && trimmed.length - end < 12 ? trimmed.slice(0, end) : trimmed;
}

function addState(event: EcsEvent, found: Findings): void {
  const reason = found.reason?.trim();
  if (reason) event.event.reason = reason;
  const duration = found.duration === undefined ? undefined : nanoseconds(found.duration);
  if (duration !== undefined) event.event.duration = duration;
  const { connection, icmpType, icmpCode } = found;
  if (connection === undefined && icmpType === undefined) return;
  event.cisco = {
    asa: {
      ...(connection === undefined ? {} : { connection_id: connection }),
      ...(icmpType === undefined ? {} : { icmp_type: Number(icmpType) }),
      ...(icmpCode === undefined ? {} : { icmp_code: Number(icmpCode) }),
    },
  };
}

/** Reads the durations `0:00:30`, `0h:05m:12s` and `1d 2h:03m:04s` in nanoseconds. */
export function nanoseconds(text: string): number | undefined {
  const parts = /^(?:(\d{1,5})d ?)?(\d{1,5})h?:(\d{1,2})m?:(\d{1,2})s?$/.exec(text.trim());
  if (parts === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1e9;
}

/** What a rule or an inspection decided overrides what its message means in general. */
export function verdictOf(found: Findings, message: CiscoMessage): Pick<CiscoMessage, 'type' | 'outcome'> {
  const verdict = found.verdict?.toLowerCase() ?? '';
  if (/^(?:permitted|est-allowed|allow|trust|fastpath|monitor|would have)/.test(verdict)) {
    return { type: [...message.type, 'allowed'], outcome: 'success' };
  }
  if (/^(?:denied|drop)|\bblock/.test(verdict)) return { type: [...message.type, 'denied'], outcome: 'failure' };
  return message;
}

function hasFields(object: object): boolean {
  for (const _ in object) return true;
  return false;
}
