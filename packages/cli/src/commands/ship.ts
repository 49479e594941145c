import { homedir } from 'node:os';
import { join } from 'node:path';
import { redisFromEnvironment } from '@distributary/core';
import {
  type Confirm,
  FACILITIES,
  type FacilityName,
  type RsyslogConfigOptions,
  rsyslogConfig,
} from '@distributary/shipper';
import { Command, InvalidArgumentError, Option } from 'commander';
import { octal, positiveInteger, wholeNumber } from '../arguments.ts';
import type { ExitCode, SetExit } from '../exit.ts';
import type { ProcessPlan } from '../kept-process.ts';
import { createLog } from '../log.ts';
import { LogOutput } from '../log-output.ts';
import { type Shipping, ship } from '../shipping.ts';
import { Supervisor } from '../supervisor.ts';
import { UsageError } from '../usage-error.ts';

interface ShipOptions {
  readonly fifo?: string;
  readonly stdin?: true;
  readonly mode: number;
  readonly confirm: Confirm;
  readonly stream: string;
  readonly route?: ReadonlyMap<FacilityName, string>;
  readonly wal: string | boolean;
  readonly walMax: number;
  readonly walKeep?: number;
  readonly maxLine: number;
  readonly name?: string;
  readonly drainTimeout: number;
  readonly printRsyslogConfig?: keyof RsyslogConfigOptions;
}

const DEFAULT_PIPE = '/var/spool/distributary/syslog_stream';

const EXAMPLES = `
Examples:
  npx distributary ship --print-rsyslog-config fifo > /etc/rsyslog.d/30-distributary.conf
  npx distributary ship --fifo ${DEFAULT_PIPE} --wal /var/lib/distributary/wal
  npx distributary ship --fifo /dev/syslog_stream --route local7=syslog_stream --route local5=database_syslog
  npx distributary ship --stdin --confirm messages          as a program of rsyslog's omprog

Lines are in the write-ahead log before anything else happens to them. While Redis is away the log grows to --wal-max;
then the pipe is not read any more, and rsyslog queues. What a crash or a failover of Redis loses is sent again, as far as
--wal-keep reaches back; what was lost before that is told, with its eids. Reads REDIS_URL and LOG_LEVEL. SIGTERM or SIGINT ends it.
A pipe is read by a process of its own, which is started again when it ends, and finishes when this one is killed.
Exit codes: 0 ended · 1 pipe, log or input failed, as the message says · 2 wrong arguments`;

export function shipCommand(setExit: SetExit): Command {
  return new Command('ship')
    .description('bring lines from a named pipe or standard input into the stream, through a write-ahead log')
    .addOption(new Option('--fifo <path>', 'the named pipe to read; created where there is none').conflicts('stdin'))
    .option('--stdin', 'read standard input instead')
    .addOption(
      new Option('--confirm <what>', 'what rsyslog is told on standard output, with --stdin')
        .choices(['nothing', 'messages', 'transactions'])
        .default('nothing'),
    )
    .addOption(
      new Option('--mode <octal>', 'permissions of a pipe that is created').argParser(octal).default(0o660, '660'),
    )
    .option('--stream <name>', 'where lines go that no route names', 'syslog_stream')
    .option('--route <facility=stream>', 'another stream for a facility; may be given several times', addRoute)
    .option('--wal <folder>', 'the write-ahead log (default: below STATE_DIRECTORY, /var/lib or the home)')
    .option('--no-wal', 'keep lines in memory only: faster, and a crash loses them')
    .addOption(
      new Option('--wal-max <bytes>', 'how large the log may grow')
        .argParser(positiveInteger)
        .default(1024 ** 3, '1 GiB'),
    )
    .option(
      '--wal-keep <bytes>',
      'how much is kept of what Redis has confirmed, to send it again when Redis loses it (default: 16 MiB, at most a quarter of --wal-max)',
      wholeNumber,
    )
    .option('--max-line <bytes>', 'longer lines are cut, and counted', positiveInteger, 65_536)
    .option('--name <name>', "the first part of every line's eid (default: the host's name)")
    .option('--drain-timeout <seconds>', 'how long to bring what waits to Redis after SIGTERM', positiveInteger, 10)
    .addOption(
      new Option('--print-rsyslog-config <kind>', 'print a working configuration and end').choices([
        'fifo',
        'omprog',
        'omhiredis',
      ]),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (options: ShipOptions) => {
      if (options.printRsyslogConfig) process.stdout.write(printedConfig(options.printRsyslogConfig, options));
      else if (options.fifo) setExit(await shipPipe(options, options.fifo));
      else if (options.stdin) await shipStandardInput(options);
      else throw new UsageError('Nothing to read. Give --fifo <path> or --stdin.');
    });
}

/** Standard output belongs to the protocol with rsyslog, and so does the process that rsyslog started. */
async function shipStandardInput(options: ShipOptions): Promise<void> {
  const log = createLog('shipper', new LogOutput(process.stderr), process.env);
  const ending = new AbortController();
  const end = () => ending.abort();
  process.on('SIGTERM', end).on('SIGINT', end);
  await ship(shippingOf(options, { kind: 'stdin', confirm: options.confirm }), log, ending.signal);
  process.off('SIGTERM', end).off('SIGINT', end);
}

/** In a process of its own: whatever happens to this one, that one finishes what it read. */
function shipPipe(options: ShipOptions, path: string): Promise<ExitCode> {
  const output = new LogOutput(process.stdout);
  const log = createLog('supervisor', output, process.env);
  const shipping = shippingOf(options, { kind: 'fifo', path, mode: options.mode });
  const plan: ProcessPlan = {
    name: 'shipper',
    program: 'shipper-process',
    args: [JSON.stringify(shipping)],
    mustStart: true,
  };
  const drainMs = options.drainTimeout * 1_000;
  return new Supervisor({ plans: [plan], log, output, drainMs }).runUntilSignalled();
}

function shippingOf(options: ShipOptions, input: Shipping['input']): Shipping {
  const { stream, route = new Map(), maxLine, name, drainTimeout } = options;
  return {
    input,
    stream,
    routes: [...route],
    wal: walOf(options),
    maxLineBytes: maxLine,
    drainMs: drainTimeout * 1_000,
    ...(name ? { name } : {}),
  };
}

function walOf({ wal, walMax, walKeep, stream }: ShipOptions): Shipping['wal'] {
  if (wal === false) return false;
  const keep = walKeep === undefined ? {} : { keepShippedBytes: walKeep };
  return { folder: wal === true ? defaultWal(stream) : wal, maxBytes: walMax, ...keep };
}

/** systemd names the folder of a service's state; without it, root has /var/lib and everybody else a home. */
function defaultWal(stream: string): string {
  const state = process.env['STATE_DIRECTORY'];
  if (state) return join(state, 'wal', stream);
  return process.getuid?.() === 0
    ? join('/var/lib/distributary/wal', stream)
    : join(homedir(), '.local/state/distributary/wal', stream);
}

function printedConfig(kind: keyof RsyslogConfigOptions, options: ShipOptions): string {
  if (kind === 'fifo') return rsyslogConfig('fifo', { pipe: options.fifo ?? DEFAULT_PIPE });
  if (kind === 'omhiredis') return rsyslogConfig('omhiredis', { ...redisAddress(), stream: options.stream });
  const confirm = options.confirm === 'transactions' ? 'transactions' : 'messages';
  const command = `/usr/bin/distributary ship --stdin --confirm ${confirm} --stream ${options.stream}`;
  return rsyslogConfig('omprog', { command, confirm });
}

function redisAddress(): { server: string; port: number } {
  const { url = '' } = redisFromEnvironment(process.env);
  const { protocol, hostname, port } = URL.parse(url) ?? {};
  if (protocol !== 'redis:' || !hostname) {
    throw new UsageError('omhiredis speaks to one server without TLS. Set REDIS_URL to redis://host:port.');
  }
  return { server: hostname, port: Number(port || 6379) };
}

function addRoute(text: string, routes: Map<FacilityName, string> = new Map()): Map<FacilityName, string> {
  const [facility = '', stream = ''] = text.split('=', 2);
  const known = FACILITIES.find((name) => name === facility);
  if (known === undefined || stream === '') {
    throw new InvalidArgumentError(`Write it as facility=stream. Facilities: ${FACILITIES.join(', ')}.`);
  }
  return routes.set(known, stream);
}
