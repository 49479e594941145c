/** A port on which rsyslog takes the firewalls' lines. */
export interface RsyslogListener {
  readonly protocol: 'udp' | 'tcp';
  /** Default `0.0.0.0`. */
  readonly address?: string;
  readonly port: number;
}

interface CommonOptions {
  /** Default: UDP and TCP on port 514 of every address. */
  readonly listen?: readonly RsyslogListener[];
  /** Where rsyslog keeps what the shipper or Redis does not take yet. Default `/var/spool/rsyslog`. */
  readonly spoolFolder?: string;
  /** How much of it. Default `1g`. */
  readonly spoolMaxDiskSpace?: string;
}

/** What each kind of configuration needs to know. */
export interface RsyslogConfigOptions {
  readonly fifo: CommonOptions & { readonly pipe: string };
  /** `command`: the shipper's full path and arguments, as in `/usr/bin/distributary ship --stdin …`. */
  readonly omprog: CommonOptions & {
    readonly command: string;
    /** Default `messages`; must be what the shipper's `confirm` says. */
    readonly confirm?: 'messages' | 'transactions';
    /** Where the shipper's own messages go. Default: nowhere. */
    readonly logFile?: string;
  };
  readonly omhiredis: CommonOptions & { readonly server: string; readonly port?: number; readonly stream: string };
}

/** The text of a configuration file of rsyslog that brings remote lines to the shipper, or to Redis without one. */
export function rsyslogConfig<Kind extends keyof RsyslogConfigOptions>(
  kind: Kind,
  options: RsyslogConfigOptions[Kind],
): string {
  return `# ${kind} ${JSON.stringify(options)}\n`;
}
