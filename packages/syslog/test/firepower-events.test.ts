import { toEcs } from '@distributary/syslog';
import { describe, expect, it } from 'vitest';

const options = { receivedAt: Date.parse('2026-11-23T10:00:30Z') };
const read = (tag: string, pairs: string) => toEcs(`<113>2026-11-23T10:00:00Z fw  ${tag}: ${pairs}`, options);
const sides = 'SrcIP: 192.0.2.10, DstIP: 203.0.113.10, SrcPort: 41544, DstPort: 80, Protocol: tcp';

describe("Firepower's own messages", () => {
  it('tell of a connection what their pairs name, commas in the values included', () => {
    const event = read(
      '%FTD-6-430003',
      'ConnectionID: 4, AccessControlRuleAction: Block with reset, AccessControlRuleReason: IP Block, ' +
        `${sides}, NAT_InitiatorIP: 198.51.100.9, NAT_InitiatorPort: 4711, IngressInterface: inside, ` +
        'EgressInterface: outside, ACPolicy: Basic, AccessControlRuleName: Geo, other: Countries, ' +
        'Prefilter Policy: Unknown, User: CORP\\alice, UserAgent: Mozilla/5.0 (KHTML, like Gecko) Chrome/80.0.87.87, ' +
        'ClientVersion: 80.0.87.87, ApplicationProtocol: HTTP, ConnectionDuration: 4211, InitiatorBytes: 54, ' +
        'ResponderBytes: 7, URL: http://www.example.com/a,b?c=d',
    );
    expect(event).toMatchObject({
      event: { action: 'connection-finished', outcome: 'failure', reason: 'IP Block', duration: 4211e9 },
      source: { ip: '192.0.2.10', port: 41544, bytes: 54, nat: { ip: '198.51.100.9', port: 4711 } },
      destination: { ip: '203.0.113.10', port: 80, bytes: 7 },
      network: { transport: 'tcp', protocol: 'http' },
      observer: { product: 'ftd', ingress: { interface: { name: 'inside' } } },
      rule: { name: 'Geo, other: Countries' },
      user: { name: 'CORP\\alice' },
      url: { original: 'http://www.example.com/a,b?c=d' },
      related: { ip: ['192.0.2.10', '198.51.100.9', '203.0.113.10'] },
    });
    expect(event.event.type).toEqual(['connection', 'end', 'denied']);
  });

  it.each([
    ['430001', 'InlineResult: Dropped', 'intrusion-detected', 'alert', ['info', 'denied'], 'failure'],
    ['430001', 'InlineResult: Would have dropped', 'intrusion-detected', 'alert', ['info', 'allowed'], 'success'],
    ['430001', 'Priority: 1', 'intrusion-detected', 'alert', ['info'], undefined],
    [
      '430002',
      'AccessControlRuleAction: Allow',
      'connection-started',
      'event',
      ['connection', 'start', 'allowed'],
      'success',
    ],
    ['430004', 'FileAction: Detect', 'file-detected', 'event', ['info'], undefined],
    ['430005', 'FileAction: Malware Block', 'malware-detected', 'alert', ['info', 'denied'], 'failure'],
  ])('of number %s with "%s" are %s', (code, pair, action, kind, type, outcome) => {
    const { event } = read(`%FTD-1-${code}`, `${sides}, ${pair}`);
    expect({ ...event, outcome: event.outcome }).toMatchObject({ code, action, kind, type, outcome });
  });

  it('are those of an NGIPS device too', () => {
    expect(read('%NGIPS-0-430003', sides)).toMatchObject({
      observer: { product: 'ftd' },
      source: { ip: '192.0.2.10' },
    });
  });

  it('give no number that they do not name as one, and no user where there is none', () => {
    for (const name of ['No Authentication Required', 'Not Found', 'Unknown']) {
      const event = read(
        '%FTD-1-430002',
        `${sides}, ICMPType: Echo Request, ICMPCode: No Code, User: ${name}, VLAN_ID:`,
      );
      expect(event.user).toBeUndefined();
      expect(event.cisco).toBeUndefined();
    }
  });
});
