import { FAST_MESSAGES, type FastTelling } from './asa-fast-path.ts';
import { ECS_VERSION } from './ecs-event.ts';
import type { ParseOptions } from './syslog-message.ts';
import { isoText, shortStampTime } from './time-stamp.ts';
import { ABBREVIATED_ZONES, timeZoneOf } from './time-zone.ts';
import { toEcs } from './to-ecs.ts';

/**
 * The event of `toEcs` as one line of JSON text, written directly for the commonest ASA messages.
 *
 * `members` is put into the object as it stands: zero or more JSON members without the braces around them, such as
 * `"distributary":{"entry_id":"1-0"}`. They must be well-formed, hold no line break and repeat no name of `EcsEvent`;
 * nothing checks them, so they are never to be built from unescaped input.
 * @throws RangeError when `timeZone` is neither an IANA name nor an offset.
 */
export function toEcsJson(line: string, options: ParseOptions, members = ''): string {
  const start = members === '' ? '{' : `{${members},`;
  const fast = fastJson(line, options, start);
  if (fast !== undefined) return fast;
  const event = toEcs(line, options);
  // Text that is joined is copied as a whole once it is looked at: too much for lines of megabytes.
  if (line.length > LONG_LINE) return JSON.stringify({ ...(JSON.parse(`{${members}}`) as object), ...event });
  return start + JSON.stringify(event).slice(1);
}

const LONG_LINE = 65_536;

/** Text by priority: everything in `log.syslog` before the host. */
const PRIORITIES: readonly string[] = Array.from({ length: 192 }, (_, priority) =>
  JSON.stringify({ priority, facility: { code: priority >> 3 }, severity: { code: priority & 7 } }).slice(1, -1),
);
const CISCO_TAG_LENGTH = '%ASA-6-106023: '.length;
const DIGIT_NINE = 57;

function fastJson(line: string, options: ParseOptions, start: string): string | undefined {
  const tagAt = line.indexOf('%ASA-');
  const message = FAST_MESSAGES.get(line.slice(tagAt + 7, tagAt + 13));
  const parts = message?.expression.exec(line);
  if (message === undefined || !parts) return undefined;
  const timeZone = options.timeZone ?? 'UTC';
  timeZoneOf(timeZone);
  const host = parts[3] as string;
  const priority = PRIORITIES[Number(parts[1])];
  const time = shortStampTime(parts[2] as string, { receivedAt: options.receivedAt, timeZone });
  if (priority === undefined || time === undefined || ABBREVIATED_ZONES.has(host)) return undefined;
  const told = message.tell(parts);
  if (told === undefined) return undefined;
  const quoted = JSON.stringify(line);
  const hostIsAddress = host.charCodeAt(0) <= DIGIT_NINE;
  return (
    `${start}"@timestamp":"${isoText(time)}","event":{"original":${quoted},${message.event},"severity":${parts[4]}${told.event}}` +
    `,"log":{"syslog":{${priority},"hostname":"${host}"}},"message":"${quoted.slice(tagAt + CISCO_TAG_LENGTH + 1)}` +
    `,"observer":{"vendor":"Cisco","product":"asa","type":"firewall","name":"${host}"${hostIsAddress ? `,"ip":["${host}"]` : ''}` +
    `,"ingress":{"interface":{"name":"${told.ingress}"}},"egress":{"interface":{"name":"${told.egress}"}}}` +
    `${told.members},"related":{"ip":[${relatedText(told, hostIsAddress ? host : undefined)}]},"ecs":{"version":"${ECS_VERSION}"}}`
  );
}

function relatedText({ addresses }: FastTelling, host: string | undefined): string {
  const [source, sourceNat, destination, destinationNat] = addresses;
  let text = `"${source}"`;
  if (sourceNat !== source) text += `,"${sourceNat}"`;
  if (destination !== source && destination !== sourceNat) text += `,"${destination}"`;
  if (destinationNat !== destination && destinationNat !== source && destinationNat !== sourceNat) {
    text += `,"${destinationNat}"`;
  }
  return host === undefined || addresses.includes(host) ? text : `${text},"${host}"`;
}
