import { toEcs, toEcsJson } from '@distributary/syslog';
import { describe, expect, it } from 'vitest';

const options = { receivedAt: Date.parse('2026-11-23T10:00:30Z') };
const header = '<166>Nov 23 10:00:00 fw-1 ';

describe('a line that cannot be read whole', () => {
  it.each([
    ['302013', 'Built something unheard of from 10.0.0.1 to 10.0.0.2'],
    ['106023', 'Deny tcp src outside:10.0.0.1/5'],
    ['302014', ''],
    ['113019', 'Group = G, Username = u, IP = 10.0.0.1, Session disc'],
    ['605004', 'Login denied from 10.0.0.1/1 to'],
  ])('of message %s says that its syntax is unknown, and keeps its addresses: %s', (code, text) => {
    const event = toEcs(`${header}%ASA-6-${code}: ${text}`, options);
    expect(event.error?.message).toBe(
      `Message ${code} has a syntax that is not known; what its phrases tell was extracted.`,
    );
    expect(event.event).toMatchObject({ code, original: `${header}%ASA-6-${code}: ${text}` });
    expect(event.related?.ip ?? []).toEqual(text.match(/10\.0\.0\.\d/g) ?? []);
  });

  it('of a message that no table lists gives what its phrases tell, and is no error', () => {
    const event = toEcs(
      `${header}%ASA-4-999999: Group <Staff> User <alice> IP <10.0.0.1> moved from 10.0.0.2 to 10.0.0.3 on interface dmz`,
      options,
    );
    expect(event).toMatchObject({
      event: { code: '999999', kind: 'event', category: ['network'], type: ['info'] },
      user: { name: 'alice', group: { name: 'Staff' } },
      source: { ip: '10.0.0.1' },
      destination: { ip: '10.0.0.3' },
      observer: { egress: { interface: { name: 'dmz' } } },
    });
    expect(event.error).toBeUndefined();
    expect(event.event.action).toBeUndefined();
  });

  it('of Firepower gives what its pairs tell', () => {
    const pairs =
      'SrcIP: 10.0.0.1, DstIP: 10.0.0.2, SrcPort: 40001, DstPort: 443, Protocol: tcp, IngressInterface: inside, ' +
      'EgressInterface: outside, AccessControlRuleName: Block all, AccessControlRuleAction: Block, User: bob';
    expect(toEcs(`${header}%FTD-1-430003: ${pairs}`, options)).toMatchObject({
      source: { ip: '10.0.0.1', port: 40001 },
      destination: { ip: '10.0.0.2', port: 443 },
      network: { transport: 'tcp' },
      rule: { name: 'Block all' },
      user: { name: 'bob' },
      event: { type: ['connection', 'denied'], outcome: 'failure' },
    });
  });

  it('with a port that is none says so and leaves it out', () => {
    const event = toEcs(
      `${header}%ASA-4-419002: Duplicate TCP SYN from inside:10.0.0.1/70000 to outside:10.0.0.2/1 with different`,
      options,
    );
    expect(event.error?.message).toBe('The source port 70000 is above 65535.');
    expect(event.source).toEqual({ ip: '10.0.0.1' });
  });

  it('because it is too long is searched for addresses only', () => {
    const event = toEcs(`${header}%ASA-6-302014: ${'x '.repeat(9000)}10.0.0.1`, options);
    expect(event.error?.message).toBe('The message has more than 16384 characters; only its addresses were extracted.');
    expect(event.related?.ip).toEqual(['10.0.0.1']);
  });

  it('received at no time at all is dated 1970 and says so', () => {
    const event = toEcs('x', { receivedAt: Number.NaN });
    expect(event['@timestamp']).toBe('1970-01-01T00:00:00.000Z');
    expect(event.error?.message).toContain('The time of receipt, NaN, is not a time.');
  });

  it('puts the given members before the event in JSON text', () => {
    const members = '"distributary":{"entry_id":"1-0"}';
    const fast = `${header}%ASA-6-305011: Built dynamic TCP translation from a:10.0.0.1/1 to b:10.0.0.2/2`;
    for (const line of ['hello "world"', fast]) {
      const text = toEcsJson(line, options, members);
      expect(text.startsWith(`{${members},"@timestamp"`)).toBe(true);
      expect(JSON.parse(text)).toEqual({ distributary: { entry_id: '1-0' }, ...toEcs(line, options) });
    }
  });
});
