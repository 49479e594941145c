import { isDeepStrictEqual } from 'node:util';
import { parseSyslog } from './parse-syslog.ts';
import { formatStructuredData } from './structured-data.ts';
import type { SyslogMessage } from './syslog-message.ts';

/** What a line is written from: a message without the findings of a parse. */
export type SyslogContent = Omit<SyslogMessage, 'problems' | 'format'>;

/**
 * The message as a line of RFC 5424; what is absent is written as `-`. Parsing the line gives the message back.
 * @throws RangeError when a field holds what RFC 5424 cannot carry in that place.
 */
export function formatRfc5424(content: SyslogContent): string {
  const { priority = 13, timestamp, hostname = '-', appName = '-', procId = '-', msgId = '-' } = content;
  const stamp = timestamp === undefined ? '-' : new Date(timestamp).toISOString();
  const data = formatStructuredData(content.structuredData ?? []);
  const mark = /[^\0-\x7f]/.test(content.message) ? '\ufeff' : '';
  const text = content.message === '' ? '' : ` ${mark}${content.message}`;
  const line = `<${priority}>1 ${stamp} ${hostname} ${appName} ${procId} ${msgId} ${data}${text}`;
  return proven(line, { ...content, priority }, 'rfc5424');
}

/**
 * The message as a line of RFC 3164 with its stamp in UTC, to the second and without its year. Parsing the line, when
 * received within half a year of its stamp, gives the message back.
 * @throws RangeError when the line would be read as another message, as when a host name looks like a time zone.
 */
export function formatRfc3164(content: SyslogContent & { readonly timestamp: number }): string {
  const { priority = 13, hostname, appName, procId } = content;
  const timestamp = Math.floor(content.timestamp / 1000) * 1000;
  const date = new Date(timestamp).toUTCString();
  const stamp = `${date.slice(8, 11)} ${date.slice(5, 7).replace(/^0/, ' ')} ${date.slice(17, 25)}`;
  const tag = appName === undefined ? '' : `${appName}${procId === undefined ? '' : `[${procId}]`}: `;
  const line = `<${priority}>${stamp} ${hostname === undefined ? '' : `${hostname} `}${tag}${content.message}`;
  return proven(line, { ...content, priority, timestamp }, 'rfc3164');
}

function proven(line: string, content: SyslogContent, format: SyslogMessage['format']): string {
  const { format: readAs, problems, ...parsed } = parseSyslog(line, { receivedAt: content.timestamp ?? 0 });
  const given = Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
  if (readAs === format && problems.length === 0 && isDeepStrictEqual(parsed, given)) return line;
  const fields = Object.keys(given).filter((name) => !isDeepStrictEqual(Reflect.get(parsed, name), given[name]));
  const culprits = fields.length === 0 ? 'header' : fields.join(', ');
  throw new RangeError(
    `The message cannot be written as ${format}: its ${culprits} would be read differently. Shorten or clean these fields.`,
  );
}
