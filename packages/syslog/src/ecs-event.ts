/** One side of a connection, in the Elastic Common Schema. */
export interface EcsEndpoint {
  /** What the line says where it is not a bare IP address: a host name, or an IPv6 address with its zone. */
  address?: string;
  ip?: string;
  port?: number;
  /** Sent by this side. */
  bytes?: number;
  nat?: { ip?: string; port?: number };
  user?: { name: string };
}

export interface EcsInterface {
  interface: { name: string };
}

/** What produced the line, as far as the line tells. */
export interface EcsObserver {
  vendor: string;
  product: string;
  type?: 'firewall';
  name?: string;
  ip?: string[];
  ingress?: EcsInterface;
  egress?: EcsInterface;
}

/** A syslog line as an event of the Elastic Common Schema: plain, nested, serialisable. */
export interface EcsEvent {
  /** ISO 8601 in UTC with milliseconds. */
  '@timestamp': string;
  event: {
    /** The line exactly as it was given. */
    original: string;
    kind: 'event' | 'alert';
    category?: readonly string[];
    type?: readonly string[];
    action?: string;
    outcome?: 'success' | 'failure';
    code?: string;
    reason?: string;
    /** The severity in the message's own tag, 0 (emergency) to 7 (debug). */
    severity?: number;
    /** Nanoseconds. */
    duration?: number;
    dataset: string;
  };
  source?: EcsEndpoint;
  destination?: EcsEndpoint;
  network?: {
    transport?: string;
    iana_number?: string;
    type?: 'ipv4' | 'ipv6';
    protocol?: string;
    direction?: string;
    bytes?: number;
  };
  observer?: EcsObserver;
  rule?: { name: string };
  user?: { name?: string; group?: { name: string } };
  url?: { original: string };
  process?: { command_line: string };
  /** What ECS has no field for, under the names of Elastic's own Cisco integration. */
  cisco?: { asa: { connection_id?: string; icmp_type?: number; icmp_code?: number } };
  log: {
    syslog: {
      priority?: number;
      facility?: { code: number };
      severity?: { code: number };
      hostname?: string;
      appname?: string;
      procid?: string;
      msgid?: string;
      /** By element ID, then parameter name. The names are the sender's: map this field as `flattened`. */
      structured_data?: Record<string, Record<string, string | string[]>>;
    };
  };
  /** Every address that the line holds. */
  related?: { ip: string[] };
  /** The line's text after its headers. */
  message: string;
  /** Why the event says less than a healthy line would, or what in it was not believed. */
  error?: { message: string };
  ecs: { version: string };
}

/** The version of the Elastic Common Schema that the events follow. */
export const ECS_VERSION = '8.17.0';
