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
      event: { type: ['connection', 'end', 'denied'], outcome: 'failure' },
    });
  });

  it.each([
    [
      '607001: Pre-allocate SIP Via UDP secondary channel for a-b:10.0.0.1/5060 to c_d:10.0.0.2 from OPTIONS message',
      '10.0.0.1',
      '10.0.0.2',
    ],
    [
      '852001: Received Lightweight to full proxy event from application Snort for TCP flow 10.0.0.1/710 to 10.0.0.2/4',
      '10.0.0.1',
      '10.0.0.2',
    ],
    [
      '725012: Device chooses cipher AES128-SHA for the SSL session with client a:10.0.0.1/5 to 10.0.0.2/443.',
      '10.0.0.1',
      '10.0.0.2',
    ],
    [
      '602101: PMTU-D packet 1500 bytes greater than effective mtu 1400 dest_addr=10.0.0.2, src_addr=10.0.0.1, prot=TCP',
      '10.0.0.1',
      '10.0.0.2',
    ],
    ['424001: Packet denied tcp src:10.0.0.1/1 dst:10.0.0.2/80', '10.0.0.1', '10.0.0.2'],
    ['113022: AAA Marking RADIUS server 10.0.0.2 in aaa-server group RAD as FAILED', undefined, '10.0.0.2'],
  ])('of no table gives the sides that its phrases name: %s', (text, source, destination) => {
    const event = toEcs(`${header}%ASA-4-${text}`, options);
    expect(event.source?.ip).toBe(source);
    expect(event.destination?.ip).toBe(destination);
  });

  it.each([
    ['722041: TunnelGroup <VPN> GroupPolicy <GP> User <alice> IP <10.0.0.1> No IPv6 address available', 'alice'],
    ['722032: Group GP User Alice B IP 10.0.0.1 New SVC connection replacing old connection.', 'Alice B'],
    ['113010: AAA challenge received for user alice from server 10.0.0.1.', 'alice'],
    ['113013: AAA unable to complete the request Error : reason = Too many logins for user : user = alice', 'alice'],
    ['999999: something (user= alice) happened', 'alice'],
    ['999999: rejected: user = alice: user IP = 10.0.0.1', 'alice'],
  ])('of no table gives the user that its phrases name: %s', (text, user) => {
    expect(toEcs(`${header}%ASA-4-${text}`, options).user?.name).toBe(user);
  });

  it('of an access list in an unknown form is taken for neither let through nor refused', () => {
    const event = toEcs(`${header}%ASA-4-106100: access-list x denied tcp in some new form`, options);
    expect(event.event).toMatchObject({ action: 'access-list-hit', type: ['connection'] });
    expect(event.event.outcome).toBeUndefined();
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

  it('puts the given members before the event of a line of any length', () => {
    for (const length of [10, 65_536, 65_537, 1_000_000]) {
      const line = 'ä"\\'.repeat(length / 3).padEnd(length, 'x');
      const text = toEcsJson(line, options, '"distributary":{"entry_id":"1-0","line_base64":"w6Q="},"more":[1]');
      expect(text.startsWith('{"distributary":{"entry_id":"1-0","line_base64":"w6Q="},"more":[1],"@timestamp"')).toBe(
        true,
      );
      const { distributary, more, ...event } = JSON.parse(text);
      expect(distributary).toEqual({ entry_id: '1-0', line_base64: 'w6Q=' });
      expect(more).toEqual([1]);
      expect(event).toEqual(toEcs(line, options));
    }
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
