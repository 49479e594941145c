const NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ icmp: 1, igmp: 2, ipip: 4, tcp: 6, egp: 8, igp: 9, udp: 17, gre: 47, esp: 50, ah: 51, 'ipv6-icmp': 58 },
    ...{ eigrp: 88, ospf: 89, pim: 103, vrrp: 112, l2tp: 115, sctp: 132 },
  }),
);
const NAMES = new Map([...NUMBERS].map(([name, number]) => [number, name]));
const OTHER_NAMES = new Map(Object.entries({ icmp6: 'ipv6-icmp', icmpv6: 'ipv6-icmp', ipinip: 'ipip', igrp: 'igp' }));

/** A transport in IANA's words. */
export interface Transport {
  readonly transport?: string;
  /** The protocol number, which ECS keeps as a keyword. */
  readonly iana_number?: string;
}

/** The transport that a firewall calls `TCP`, `icmp6`, `103` or `protocol 103`; empty for `IP`, which names none. */
export function readTransport(text: string): Transport {
  const digits = /^(?:protocol )?(\d{1,3})$/i.exec(text)?.[1];
  if (digits !== undefined) return numberedTransport(Number(digits));
  const given = text.toLowerCase();
  if (given === 'ip') return {};
  const transport = OTHER_NAMES.get(given) ?? given;
  const number = NUMBERS.get(transport);
  return number === undefined ? { transport } : { transport, iana_number: String(number) };
}

function numberedTransport(number: number): Transport {
  if (number > 255) return {};
  const transport = NAMES.get(number);
  return { ...(transport === undefined ? {} : { transport }), iana_number: String(number) };
}
