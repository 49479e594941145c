import { parseSyslog, toEcs, toEcsJson } from '@distributary/syslog';
import { describe, expect, it } from 'vitest';

const MEGABYTE = 1 << 20;
/** The longest text of a firewall that is matched against its syntaxes. */
const LONGEST_TEXT = 16_384;
const receivedAt = Date.parse('2026-11-23T10:00:30Z');
const header = '<166>Nov 23 10:00:00 fw-1 ';

function filled(start: string, unit: string, length: number, end = ''): string {
  return start + unit.repeat(Math.ceil(Math.max(0, length - start.length - end.length) / unit.length)) + end;
}

/** Lines of a megabyte, each aimed at one expression: its class repeated, then what does not match. */
const LINES: Readonly<Record<string, string>> = {
  'octet counts': filled('1 ', '1', MEGABYTE, '<13>x'),
  'priority digits': filled('<', '1', MEGABYTE),
  'RFC 5424 fields without a blank': filled('<34>1 ', 'a', MEGABYTE),
  'structured data identifier': filled('<34>1 - h a - - [', 'x', MEGABYTE),
  'blanks before a parameter': filled('<34>1 - h a - - [x', ' ', MEGABYTE, '"'),
  'parameters without end': filled('<34>1 - h a - - [x', ' a="b"', MEGABYTE),
  'backslashes in a value': filled('<34>1 - h a - - [x a="', '\\', MEGABYTE),
  'elements without end': filled('<34>1 - h a - - ', '[x]', MEGABYTE),
  'host name without end': filled('<13>Nov 23 10:00:00 ', 'h', MEGABYTE),
  'application name brackets': filled('<13>Nov 23 10:00:00 h ', 'a[', MEGABYTE),
  'words before a tag': filled('<13>', 'w ', MEGABYTE, '%ASA-6-302013: x'),
  'colons before a tag': filled('<13>', ' :', MEGABYTE, '%ASA-6-302013: x'),
  'priorities before a tag': filled('<13>', '<1>', MEGABYTE, '%ASA-6-302013: x'),
  'a word before a tag': filled('<13>', 'w', 390, ' %ASA-6-302013: x') + 'x'.repeat(MEGABYTE),
  'times as words before a tag': filled('<13>', '1y', 390, '! %ASA-6-302013: x') + 'x'.repeat(MEGABYTE),
  'words of an inner header': filled('<13>1 - h a - - - ', '[1.1.1.1.', MEGABYTE, '%ASA-6-302013: x'),
  'stamps in a row': filled('<13>', 'Nov 23 10:00:00 ', MEGABYTE),
  'fractions of a second': filled('<13>Nov 23 10:00:00.', '9', MEGABYTE),
  'tag letters': filled('<13>Nov 23 10:00:00 h %', 'A', MEGABYTE),
  'tag segments': filled('<13>Nov 23 10:00:00 h %ASA-', 'a-', MEGABYTE),
  'percent signs': filled('<13>', '%', MEGABYTE),
  'dotted digits': filled(header, '1.', MEGABYTE),
  'dotted quads without blanks': filled(header, '1.1.1.1', MEGABYTE),
  'dotted quads': filled(header, '1.1.1.1 ', MEGABYTE),
  'ranges of addresses': filled(header, '1.1.1.1-', MEGABYTE),
  'different addresses behind colons': filled(header, '1.1.1.1:', MEGABYTE),
  colons: filled(header, ':', MEGABYTE),
  'hexadecimal groups': filled(header, 'a:', MEGABYTE),
  'names and colons': filled(header, 'name:', MEGABYTE, '10.0.0.1'),
  'versions before a quad': filled(header, 'version ', MEGABYTE, '1.2.3.4'),
  'masks before a quad': filled(header, 'mask ', MEGABYTE, '255.255.255.0'),
  'a text too long to match': filled(`${header}%ASA-6-302013: `, 'Built ', MEGABYTE),
  'a line of the fast path, continued': filled(
    `${header}%ASA-4-106023: Deny tcp src a:1.1.1.1/1 dst b:2.2.2.2/2 by access-group "`,
    'x',
    MEGABYTE,
  ),
  'control characters': filled(header, '\0', MEGABYTE),
  'lone surrogates': filled(header, '\ud800', MEGABYTE),
};

/** Texts as long as are matched at all, each aimed at the class that a message's syntax repeats. */
const TEXTS: Readonly<Record<string, string>> = {
  '302013: names': filled('Built inbound TCP connection 1 for ', 'a:', LONGEST_TEXT),
  '302014: users': filled('Teardown TCP connection 1 for a:1.1.1.1/1', '(a\\b)', LONGEST_TEXT),
  '302016: reasons': filled(
    'Teardown UDP connection 1 for a:1.1.1.1/1 to b:2.2.2.2/2 duration 0:00:00 bytes 1 ',
    'r ',
    LONGEST_TEXT,
  ),
  '305011: rules in brackets': filled('Built dynamic TCP translation from a', '(', LONGEST_TEXT),
  '305012: rules in brackets': filled('Teardown dynamic TCP translation from a', '(a', LONGEST_TEXT),
  '302016: names': filled('Teardown UDP connection 1 for a:1.1.1.1/1 ', 'a to b ', LONGEST_TEXT),
  '302002: reasons': filled('Teardown TCP connection 1 faddr a gaddr b laddr c (', 'r', LONGEST_TEXT),
  '106001: flags': filled('Inbound TCP connection denied from a to b flags ', 'SYN ', LONGEST_TEXT),
  '106023: rules': filled('Deny tcp src a:1.1.1.1 dst b:2.2.2.2 by access-group "', 'x', LONGEST_TEXT),
  '106100: rules': filled('access-list "', 'x ', LONGEST_TEXT),
  '106100: slashes': filled('access-list x denied tcp ', 'a/', LONGEST_TEXT),
  '106102: users': filled("access-list x denied tcp for user '", 'u ', LONGEST_TEXT),
  '338001: reasons': filled(
    'Dynamic filter dropped blacklisted TCP traffic from a:1.1.1.1/1 (1.1.1.1/1) to b:2.2.2.2/2 (2.2.2.2/2), ',
    'a, ',
    LONGEST_TEXT,
  ),
  '304001: URLs': filled('10.0.0.1 Accessed URL ', 'a:', LONGEST_TEXT),
  '113005: reasons': filled('AAA user authentication Rejected : reason = ', 'a ', LONGEST_TEXT),
  '113005: users': filled('AAA user authentication Rejected : reason = a : server = b : user = ', ' :', LONGEST_TEXT),
  '113017: users': filled(
    'AAA credentials rejected : reason = a : local database : user = ',
    ': user IP = ',
    LONGEST_TEXT,
  ),
  '113019: groups': filled('Group = ', ', Username = ', LONGEST_TEXT),
  '113019: pairs': filled('Group = ', 'Group = a, ', LONGEST_TEXT),
  '716002: groups and users': filled('Group ', 'a User b IP ', LONGEST_TEXT),
  '722051: groups': filled('Group ', 'User ', LONGEST_TEXT),
  '611102: users': filled('User authentication failed: Uname: ', 'a ', LONGEST_TEXT, 'x'),
  '716039: groups': filled('TunnelGroup <', 'Group <User <IP <', LONGEST_TEXT),
  '750002: users': filled('Local:a:1 Remote:b:2 Username:', 'IKEv2 ', LONGEST_TEXT),
  '750003: sides': filled('Local:', ':1', LONGEST_TEXT),
  '400013: signatures': filled('IPS:1 ', 'from ', LONGEST_TEXT),
  '106006: repeated': filled('message repeated 2 times: [ ', '[', LONGEST_TEXT),
  '605004: users': filled('Login denied from a to b for user "', ' ', LONGEST_TEXT, '"x'),
  '111010: commands': filled("User 'a', running '", 'x', LONGEST_TEXT),
  '434002: words': filled('SFR ', 'drop ', LONGEST_TEXT),
  '725001: words': filled('', 'client ', LONGEST_TEXT),
  '999999: prepositions': filled('', 'from to ', LONGEST_TEXT),
  '999999: prepositions and names': filled('', 'from 1.1.1. ', LONGEST_TEXT),
  '999998: users': filled('', "user '", LONGEST_TEXT),
  '999998: groups': filled('', 'Group <', LONGEST_TEXT),
  '430003: pairs': filled('', 'SrcIP: ', LONGEST_TEXT),
  '430001: names': filled('', ', Aa Aa', LONGEST_TEXT),
  '430002: pairs': filled('', ', a: ', LONGEST_TEXT),
};

describe('a hostile line', () => {
  it.each(Object.entries(LINES))('of a megabyte is read in linear time: %s', (_, line) => {
    expect(line.length).toBeGreaterThanOrEqual(MEGABYTE);
    const event = toEcs(line, { receivedAt });
    expect(event.event.original).toBe(line);
    expect(line.endsWith(parseSyslog(line, { receivedAt }).message)).toBe(true);
    expect(JSON.parse(toEcsJson(line, { receivedAt }))).toEqual(event);
  });

  it.each(Object.entries(TEXTS))('as long as a message may be is read a hundred times: %s', (name, text) => {
    const line = `${header}%ASA-6-${name.slice(0, 6)}: ${text.slice(0, LONGEST_TEXT)}`;
    for (let time = 0; time < 100; time++) expect(toEcs(line, { receivedAt }).event.original).toBe(line);
  });
});
