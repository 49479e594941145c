import { Entry, eventIdentity, eventIdentityJson, Masks, OptionsError, Secret } from '@distributary/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedPattern } from '../src/bounded-pattern.ts';
import type { MaskRule } from '../src/mask-rule.ts';

const KEY = new Secret('a key of at least 16');
const LINE =
  '<166>Nov 24 10:00:00 fw-edge-1 %ASA-6-113005: AAA user authentication Rejected : user = mallory : user IP = 203.0.113.9, inside:2001:db8::7/443, 00:1b:44:11:3a:b7, a.b+c@example.co.uk';

function rule(given: Partial<MaskRule>): MaskRule {
  return { replaceBy: 'text', text: '***', ...given };
}

function masks(...rules: Partial<MaskRule>[]): Masks {
  return new Masks(rules.map(rule), KEY);
}

function entryOf(...fields: (string | Buffer)[]): Entry {
  return new Entry(
    '1795514400000-0',
    fields.map((field) => Buffer.from(field as string)),
  );
}

describe('a mask', () => {
  it.each([
    ['ipv4', '203.0.113.9'],
    ['ipv6', '2001:db8::7'],
    ['mac', '00:1b:44:11:3a:b7'],
    ['email', 'a.b+c@example.co.uk'],
    ['username', 'mallory'],
  ] as const)('finds what is an %s, and leaves the rest as it was', (find, found) => {
    expect(masks({ find }).text(LINE)).toBe(LINE.replace(found, '***'));
  });

  it.each([
    ["User 'admin' executed 'show'", "User '***' executed 'show'"],
    ['Group <g> User <bob> IP', 'Group <g> User <***> IP'],
    ['Username: jane, x', 'Username: ***, x'],
    ['AAA user authentication Rejected', 'AAA user authentication Rejected'],
  ])('finds a user name where Cisco writes one: %s', (line, shown) => {
    expect(masks({ find: 'username' }).text(line)).toBe(shown);
  });

  it.each(['10:00:00 up', 'a::b::c', 'fw:outside:inside'])('takes no %j for an IPv6 address', (line) => {
    expect(masks({ find: 'ipv6' }).text(line)).toBe(line);
  });

  it.each(['::1', 'fe80::', '1:2:3:4:5:6:7:8', '::ffff:192.0.2.1', '2001:DB8::1'])('finds %s', (address) => {
    expect(masks({ find: 'ipv6' }).text(`from ${address} to`)).toBe('from *** to');
  });

  it("hides a pattern's first group, or all of it", () => {
    expect(masks({ pattern: 'user = (\\S+)' }).text(LINE)).toContain('user = *** : user IP');
    expect(masks({ pattern: 'fw-\\w{1,9}-\\d', text: '[host]' }).text(LINE)).toContain('10:00:00 [host] %ASA');
  });

  it('gives a value the same pseudonym wherever it is, another under another key, and keeps one that is there', () => {
    const pseudonym = masks({ find: 'ipv4', replaceBy: 'pseudonym' });
    const shown = pseudonym.text('from 10.1.2.3 to 10.1.2.3, not 10.1.2.4');
    expect(shown).toMatch(/^from (ipv4-[\da-f]{16}) to \1, not (?!\1)ipv4-[\da-f]{16}$/);
    expect(
      new Masks([rule({ find: 'ipv4', replaceBy: 'pseudonym' })], new Secret('another key, as long')).text(shown),
    ).toBe(shown);
    const user = masks({ pattern: 'user = (\\S+)', replaceBy: 'pseudonym' });
    expect(user.text(user.text(LINE))).toBe(user.text(LINE));
    expect(user.text(LINE)).toMatch(/user = masked-[\da-f]{16} :/);
    const other = new Masks([rule({ find: 'ipv4', replaceBy: 'pseudonym' })], new Secret('another key, as long'));
    expect(other.text('10.1.2.3')).not.toBe(pseudonym.text('10.1.2.3'));
  });

  it.each([
    [{ find: 'ipv4', replaceBy: 'pseudonym' } as const, undefined, 'there is no key'],
    [{ find: 'ipv4', replaceBy: 'pseudonym' } as const, new Secret('short'), 'the key is too short'],
    [{}, KEY, 'Give one of the two'],
    [{ find: 'ipv4', pattern: 'x' } as const, KEY, 'Give one of the two'],
    [{ pattern: '(' }, KEY, 'is no regular expression'],
  ])('is refused when it cannot work: %j', (given, key, says) => {
    expect(() => new Masks([rule(given)], key)).toThrow(OptionsError);
    expect(() => new Masks([rule(given)], key)).toThrow(says);
  });
});

describe('a masked entry', () => {
  const raw = entryOf('line', LINE, 'peer', '203.0.113.9', 'line', 'again 203.0.113.9');

  it('has every value masked, in the order and number that they had', () => {
    const shown = masks({ find: 'ipv4' }).apply(raw);
    expect(shown.id).toBe(raw.id);
    expect([...shown.fields()].map(([name, value]) => `${name}=${value}`)).toEqual([
      `line=${LINE.replace('203.0.113.9', '***')}`,
      'peer=***',
      'line=again ***',
    ]);
  });

  it.each([
    ['one field', entryOf('line', LINE)],
    ['several fields', raw],
    ['an eid', entryOf('line', LINE, 'eid', 'fw."10.1.2.3".7')],
  ])('is the event that it was, with %s', (_, entry) => {
    const shown = masks({ find: 'ipv4' }).apply(entry);
    expect(shown).not.toBe(entry);
    expect(eventIdentity(shown)).toBe(eventIdentity(entry));
    expect(eventIdentityJson(shown)).toBe(eventIdentityJson(entry));
  });

  it('is the very entry when there is nothing to hide', () => {
    const plain = entryOf('line', 'nothing here');
    expect(masks({ find: 'email' }).apply(plain)).toBe(plain);
  });

  it('keeps bytes that are not UTF-8, and hides what is between them', () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xe9]), Buffer.from('10.1.2.3'), Buffer.from([0xc3])]);
    const shown = masks({ find: 'ipv4' }).apply(entryOf('line', bytes));
    expect(shown.bytes('line')).toEqual(
      Buffer.concat([Buffer.from([0xff, 0xe9]), Buffer.from('***'), Buffer.from([0xc3])]),
    );
  });

  it('is hidden whole when it is too large to be searched', () => {
    const shown = masks({ find: 'ipv4' }).apply(entryOf('line', '10.1.2.3 '.repeat(30_000)));
    expect(shown.text('line')).toBe('(masked: 270000 bytes, more than are searched)');
  });
});

describe('a pattern', () => {
  it.each([
    '(a+)+b',
    '(a|a)*b',
    '(\\w+\\s?)*x',
    '.*user',
    '\\S+=',
    '(?=\\S+)x',
    '(a+|x)y',
    'x(?<=a+)',
    '(?:a{1,9}){1,9}b',
    '\\w{0,64}\\w{0,64}x',
    '(a)\\1',
    'a{5000}',
    '(?<n>a{1,3})\\k<n>',
    '[)]{2,}x',
  ])('that could hold a team up is refused: %s', (pattern) => {
    expect(() => boundedPattern(pattern)).toThrow(/Bound what repeats/);
  });

  it.each([
    'user = (\\S+)',
    '(?:\\d{1,3}\\.){3}\\d{1,3}',
    '\\bsession-[0-9a-f]{8,32}\\b',
    '(?<!\\d)[[\\](){}+*]{1,9}\\+',
    '\\u{1F600}|\\p{L}{2,20}\\*',
    "'([^']{1,64})'",
  ])('that is bounded is taken: %s', (pattern) => {
    expect(boundedPattern(pattern).source).toBe(pattern);
  });

  const LONG = 64 * 1024;
  const pieces = ['a', '1', '1.', '1.1.1.', 'a:', ':', '1:1::', 'a@', 'a.', 'a@a.', 'user=', "user '", 'é', '00:', ' '];

  // What backtracks without bound would not come to the end of a line of a hundred characters.
  it.each(pieces)(
    'that is taken comes to the end of a line of %j over and over, and so does all that is built in',
    (piece) => {
      const all = masks(
        ...(['email', 'username', 'ipv4', 'ipv6', 'mac'] as const).map((find) => ({ find })),
        { pattern: '\\w{1,30}\\w{1,30}\\bx' },
        { pattern: 'user = (\\S+)' },
      );
      const shown = all.text(`${piece.repeat(Math.ceil(LONG / piece.length))} 10.1.2.3`);
      expect(shown).toMatch(/ \*\*\*$/);
    },
  );

  it('is judged without ever failing, whatever it is', () => {
    const source = fc.stringMatching(/^[a-c()[\]{}|?*+\\.,1-3:=!<>^$-]{0,12}$/);
    fc.assert(
      fc.property(source, (text) => {
        try {
          boundedPattern(text);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(OptionsError);
        }
      }),
    );
  });
});
