import { toAddress } from './address.ts';
import { findByPhrases, findBySyntax, LONGEST_MESSAGE } from './cisco-findings.ts';
import { type CiscoMessage, network } from './cisco-message.ts';
import { CISCO_MESSAGES } from './cisco-messages.ts';
import type { Findings } from './cisco-pattern.ts';
import { type CiscoTag, readCiscoTag } from './cisco-tag.ts';
import { ECS_VERSION, type EcsEvent } from './ecs-event.ts';
import { addFindings, verdictOf } from './ecs-from-findings.ts';
import { findAddresses } from './find-addresses.ts';
import { FIREPOWER_EVENTS, findByPairs } from './firepower-events.ts';
import { parseSyslog } from './parse-syslog.ts';
import type { ParseOptions, StructuredDataElement, SyslogMessage } from './syslog-message.ts';
import { isoText, isWritableTime } from './time-stamp.ts';

/**
 * The event that a line tells of. Every line gives one: what cannot be read is named in `error.message`, and the line
 * itself is always in `event.original`.
 * @throws RangeError when `timeZone` is neither an IANA name nor an offset.
 */
export function toEcs(line: string, options: ParseOptions): EcsEvent {
  const parsed = parseSyslog(line, options);
  const problems = [...parsed.problems];
  const event: EcsEvent = {
    '@timestamp': eventTime(parsed, options, problems),
    event: { original: line, kind: 'event', dataset: 'syslog' },
    log: { syslog: syslogFields(parsed) },
    message: parsed.message,
    ecs: { version: ECS_VERSION },
  };
  const tag = readCiscoTag(parsed);
  if (tag !== undefined) addCisco(event, tag, parsed.hostname, problems);
  addRelated(event, line);
  if (problems.length > 0) event.error = { message: problems.join(' ') };
  return event;
}

function eventTime(parsed: SyslogMessage, options: ParseOptions, problems: string[]): string {
  if (parsed.timestamp !== undefined) return isoText(parsed.timestamp);
  if (isWritableTime(options.receivedAt)) return isoText(Math.floor(options.receivedAt));
  problems.push(`The time of receipt, ${options.receivedAt}, is not a time.`);
  return isoText(0);
}

function syslogFields(parsed: SyslogMessage): EcsEvent['log']['syslog'] {
  const { priority, hostname, appName, procId, msgId, structuredData } = parsed;
  const fields: EcsEvent['log']['syslog'] = {};
  if (priority !== undefined) {
    fields.priority = priority;
    fields.facility = { code: priority >> 3 };
    fields.severity = { code: priority & 7 };
  }
  if (hostname !== undefined) fields.hostname = hostname;
  if (appName !== undefined) fields.appname = appName;
  if (procId !== undefined) fields.procid = procId;
  if (msgId !== undefined) fields.msgid = msgId;
  if (structuredData !== undefined) fields.structured_data = structuredDataFields(structuredData);
  return fields;
}

/** Plain own properties whatever the sender calls them: `Object.fromEntries` defines, it never assigns. */
function structuredDataFields(
  elements: readonly StructuredDataElement[],
): Record<string, Record<string, string | string[]>> {
  const byId = new Map<string, Map<string, string | string[]>>();
  for (const { id, parameters } of elements) {
    const values = byId.get(id) ?? new Map<string, string | string[]>();
    byId.set(id, values);
    for (const [name, value] of parameters) {
      const earlier = values.get(name);
      if (earlier === undefined) values.set(name, value);
      else if (typeof earlier === 'string') values.set(name, [earlier, value]);
      else earlier.push(value);
    }
  }
  return Object.fromEntries([...byId].map(([id, values]) => [id, Object.fromEntries(values)]));
}

const UNLISTED: CiscoMessage = { ...network('message-logged'), patterns: [] };
/** How a relay sums up a message that it got several times on end. */
const REPEATED = /^message repeated \d{1,9} times: \[ ?/;

function addCisco(event: EcsEvent, tag: CiscoTag, hostname: string | undefined, problems: string[]): void {
  const isFirewall = tag.product !== 'ios';
  event.message = tag.text;
  event.event.code = tag.code;
  event.event.dataset = `cisco.${tag.product}`;
  if (tag.severity !== undefined) event.event.severity = tag.severity;
  event.observer = { vendor: 'Cisco', product: tag.product };
  if (isFirewall) event.observer.type = 'firewall';
  if (hostname !== undefined) event.observer.name = hostname;
  const address = hostname === undefined ? undefined : toAddress(hostname);
  if (address !== undefined) event.observer.ip = [address];
  if (!isFirewall) return;
  const known = CISCO_MESSAGES.get(tag.code) ?? FIREPOWER_EVENTS.get(tag.code);
  const found = findingsOf(tag, known, problems);
  const message = known ?? UNLISTED;
  const { type, outcome } = verdictOf(found, message);
  event.event.kind = message.kind;
  event.event.category = message.category;
  event.event.type = type;
  if (known !== undefined) event.event.action = message.action;
  if (outcome !== undefined) event.event.outcome = outcome;
  addFindings(event, found, problems);
}

function findingsOf(tag: CiscoTag, message: CiscoMessage | undefined, problems: string[]): Findings {
  if (tag.text.length > LONGEST_MESSAGE) {
    problems.push(`The message has more than ${LONGEST_MESSAGE} characters; only its addresses were extracted.`);
    return {};
  }
  if (FIREPOWER_EVENTS.has(tag.code)) return findByPairs(tag.text);
  const text = REPEATED.test(tag.text) ? tag.text.replace(REPEATED, '').replace(/\]$/, '') : tag.text;
  const found = message === undefined ? undefined : findBySyntax(message, text);
  if (found !== undefined) return found;
  if (message !== undefined && message.patterns.length > 0) {
    problems.push(`Message ${tag.code} has a syntax that is not known; what its phrases tell was extracted.`);
  }
  return findByPhrases(text);
}

function addRelated(event: EcsEvent, line: string): void {
  const found = new Set<string>();
  const { source, destination, observer } = event;
  if (source?.ip !== undefined) found.add(source.ip);
  if (source?.nat?.ip !== undefined) found.add(source.nat.ip);
  if (destination?.ip !== undefined) found.add(destination.ip);
  if (destination?.nat?.ip !== undefined) found.add(destination.nat.ip);
  for (const ip of observer?.ip ?? []) found.add(ip);
  findAddresses(line, found);
  if (found.size > 0) event.related = { ip: [...found] };
}
