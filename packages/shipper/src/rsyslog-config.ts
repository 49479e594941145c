import { ShipperError } from './errors.ts';

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

const LISTENERS: readonly RsyslogListener[] = [
  { protocol: 'udp', port: 514 },
  { protocol: 'tcp', port: 514 },
];

/**
 * The text of a configuration file of rsyslog that brings remote lines to the shipper, or to Redis without one.
 * @throws ShipperError `OPTIONS` when a value cannot stand in such a file
 */
export function rsyslogConfig<Kind extends keyof RsyslogConfigOptions>(
  kind: Kind,
  options: RsyslogConfigOptions[Kind],
): string {
  const { listen = LISTENERS } = options;
  const action = ACTIONS[kind](options);
  const modules = new Set(listen.map(({ protocol }) => `im${protocol}`));
  return [
    ...action.heading,
    '',
    '# Remote lines arrive here. A module that another file loads already is reported once and does no harm.',
    ...[...modules].map((name) => `module(load="${name}")`),
    ...action.modules.map((name) => `module(load="${name}")`),
    '',
    '# One line per message with its priority, which the default templates of files and pipes leave out, the time with',
    '# year and zone, the host, and the tag (%ASA-4-106023:) with the text as the firewall sent them.',
    ...(action.maxMessageBytes ? PIPE_BUF_COMMENT : []),
    `template(name="distributary_line" type="string" string="${template(action)}")`,
    '',
    '# Of its own, so that what is local to this host goes its usual way and nothing else comes here.',
    'ruleset(name="distributary") {',
    ...action.lines.map((line) => `  ${line}`),
    ...queue(options, action.pace).map((line) => `    ${line}`),
    '}',
    '',
    ...listen.map(
      ({ protocol, address = '0.0.0.0', port }) =>
        `input(type="im${protocol}" address=${quoted(address)} port="${Number(port)}" ruleset="distributary")`,
    ),
    '',
  ].join('\n');
}

interface Action {
  readonly heading: readonly string[];
  readonly modules: readonly string[];
  readonly maxMessageBytes?: number;
  readonly endsLines: boolean;
  /** The action up to its queue. */
  readonly lines: readonly string[];
  /** How the queue hands messages over; closes the action. */
  readonly pace: readonly string[];
}

const ONE_WORKER = ['queue.workerThreads="1" queue.dequeueBatchSize="1024")'];

/**
 * What a pipe holds is 64 KiB. rsyslog tries a full one ten times within microseconds and then sleeps for
 * `resumeInterval`, a second at least, for 0 makes it try without a pause. Unpaced, a backlog of 200-byte lines went
 * through at 900 lines/s; in batches that fit, a millisecond apart, at 47,000 (rsyslog 8.2302, 2 cores).
 */
const PACED_FOR_A_PIPE = [
  'queue.workerThreads="1" queue.dequeueBatchSize="64"',
  '# A millisecond between batches, in which the shipper empties the pipe: rsyslog sleeps for a whole second when it',
  '# finds the pipe full. Up to about 50,000 lines a second; omprog with transactions has no such pause.',
  'queue.dequeueSlowDown="1000")',
];

const PIPE_BUF_COMMENT = [
  '# The message is cut so that a line stays below PIPE_BUF, 4096 bytes: the kernel writes those whole or not at all. Of',
  '# a longer one rsyslog may write a part and take that for all, and the next line is glued to it.',
];

const ACTIONS: { readonly [Kind in keyof RsyslogConfigOptions]: (options: RsyslogConfigOptions[Kind]) => Action } = {
  fifo: ({ pipe }) => ({
    heading: ['# rsyslog to a named pipe that the shipper reads.'],
    modules: [],
    maxMessageBytes: 3_600,
    endsLines: true,
    lines: [
      '# The shipper creates the pipe; until then, and while the pipe is full, lines wait in the queue.',
      `action(type="ompipe" name="distributary" pipe=${quoted(pipe)} template="distributary_line"`,
    ],
    pace: PACED_FOR_A_PIPE,
  }),
  omprog: ({ command, confirm = 'messages', logFile }) => ({
    heading: [
      '# rsyslog to the shipper as a program of its own, which confirms what is safe: rsyslog sends the rest again.',
      ...(confirm === 'transactions' ? TRANSACTIONS_COMMENT : []),
    ],
    modules: ['omprog'],
    endsLines: true,
    lines: [
      `action(type="omprog" name="distributary" binary=${quoted(command)} template="distributary_line"`,
      '    # A message leaves the queue when the shipper has said OK; a dot of the shipper begins the time anew.',
      '    confirmMessages="on" confirmTimeout="10000"',
      ...(confirm === 'transactions' ? ['    # One OK per batch of the queue instead of one per message.'] : []),
      ...(confirm === 'transactions' ? ['    useTransactions="on"'] : []),
      '    # The write-ahead log belongs to one process; without this a second one reads what was queued on disk.',
      '    forceSingleInstance="on"',
      '    # At the end the shipper sees the end of its input, and has this long to give Redis what it holds.',
      '    closeTimeout="15000" killUnresponsive="on"',
      ...(logFile ? ["    # The shipper's own messages.", `    output=${quoted(logFile)}`] : []),
    ],
    pace: ONE_WORKER,
  }),
  omhiredis: ({ server, port = 6_379, stream }) => ({
    heading: [
      '# rsyslog straight to Redis, without the shipper. No write-ahead log, no eid: a line whose reply is lost is added',
      '# twice, and nothing recognises it. Needs an omhiredis that knows mode="stream": that of 8.2504 does, 8.2302 refuses this file.',
    ],
    modules: ['omhiredis'],
    endsLines: false,
    lines: [
      '# XADD <stream> * line <line>. No stream.capacityLimit: it would trim what a team has not read.',
      `action(type="omhiredis" name="distributary" server=${quoted(server)} serverport="${Number(port)}"`,
      `    mode="stream" key=${quoted(stream)} stream.outField="line" template="distributary_line"`,
    ],
    pace: ONE_WORKER,
  }),
};

const TRANSACTIONS_COMMENT = [
  '# Messages are answered DEFER_COMMIT at once. When the shipper ends within a transaction rsyslog sends the last message',
  '# again, but not those before it (rsyslog/rsyslog#2420): they survive a crash of the shipper, not one of the machine.',
];

function template({ maxMessageBytes, endsLines }: Action): string {
  const message = maxMessageBytes ? `%msg:1:${maxMessageBytes}%` : '%msg%';
  const header = '<%pri%>%timereported:::date-rfc3339% %hostname:1:255% %syslogtag:1:128%%msg:::sp-if-no-1st-sp%';
  return `${header}${message}${endsLines ? '\\n' : ''}`;
}

function queue(
  { spoolFolder = '/var/spool/rsyslog', spoolMaxDiskSpace = '1g' }: CommonOptions,
  pace: readonly string[],
): string[] {
  return [
    '# Tried for ever, first after a second: a pipe that is full for a moment is no reason to wait for 30.',
    'action.resumeRetryCount="-1" action.resumeInterval="1" action.resumeIntervalMax="10"',
    '# In memory first, then on disk up to the limit; what is in memory is saved when rsyslog stops.',
    'queue.type="LinkedList" queue.size="100000" queue.saveOnShutdown="on"',
    `queue.filename="distributary" queue.spoolDirectory=${quoted(spoolFolder)} queue.maxDiskSpace=${quoted(spoolMaxDiskSpace)}`,
    '# When rsyslog stops: a second to hand over more, ten to finish the batch under way (by default 10 ms, after which',
    '# rsyslog gives it up and says that some data may be lost); the rest is saved.',
    'queue.timeoutShutdown="1000" queue.timeoutActionCompletion="10000"',
    '# One worker keeps the order of lines; it takes this many at once.',
    ...pace,
  ];
}

/** A value in double quotes, in which rsyslog knows `\\` escapes. */
function quoted(value: string): string {
  if ([...value].some((character) => character < ' ')) {
    const shown = JSON.stringify(value);
    throw new ShipperError('OPTIONS', `${shown} has a control character: it cannot stand in rsyslog's configuration.`);
  }
  return `"${value.replace(/[\\"$]/g, '\\$&')}"`;
}
