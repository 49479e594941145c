import { checkName, hostConsumerName } from '@distributary/core';
import { Command, Option } from 'commander';
import { portNumber, positiveInteger } from '../arguments.ts';
import type { SetExit } from '../exit.ts';
import type { ProcessPlan } from '../kept-process.ts';
import { createLog } from '../log.ts';
import { LogOutput } from '../log-output.ts';
import { Supervisor } from '../supervisor.ts';
import { readTeam, type Team } from '../team.ts';
import { UsageError } from '../usage-error.ts';

interface RunOptions {
  readonly only?: readonly string[];
  readonly replicas: number;
  readonly drainTimeout: number;
  readonly stallTimeout: number;
  readonly metricsPort: number;
  readonly stuckAfter: number;
}

const EXAMPLES = `
Examples:
  npx distributary run consumers/noc                             one process, in the foreground
  npx distributary run consumers/noc consumers/security --replicas 2
  npx distributary run consumers/noc --metrics-port 9500         then: curl 127.0.0.1:9500/metrics
  npx distributary run consumers/* --only noc                    of the packages given, these alone
  npx distributary run consumers/noc | jq -r .msg                logs are JSON lines where no terminal is

Each process answers GET /metrics (Prometheus), /live and /ready on 127.0.0.1: the first on the metrics port, the next on
the next one, and where that is taken, on one above it that is free; the log says which. /live fails when entries wait and
nothing moved for --stuck-after, and neither the sink nor Redis is known to be why; /ready fails while one of them is.
Reads REDIS_URL, LOG_LEVEL, DISTRIBUTARY_CONSUMER (the name in the group; default: the host's), and what the packages need.
SIGTERM or SIGINT drains: nothing new is taken, what is in hand is finished; what cannot be finished in time is handed
back, so that another process of the team has it within seconds, and the name leaves the group. A second one kills; then
what was in hand stays pending until its lease has run out.
Exit codes: 0 drained · 1 not in time, or a consumer was given up · 2 wrong arguments, environment or package`;

export function runCommand(setExit: SetExit): Command {
  return new Command('run')
    .description('run consumers, each replica as a process of its own, started again whenever it ends')
    .argument('<package...>', 'folders of consumer packages, such as consumers/noc')
    .option('--only <team...>', 'names of those among the packages that are to run, such as noc')
    .option('--replicas <n>', 'processes per package', positiveInteger, 1)
    .option('--drain-timeout <seconds>', 'how long to finish what is in hand after SIGTERM', positiveInteger, 25)
    .option(
      '--stall-timeout <seconds>',
      'how long an event loop may stand still before its process is ended',
      positiveInteger,
      30,
    )
    .addOption(
      new Option('--metrics-port <port>', 'of the first process on 127.0.0.1, the next has the next; 0 for none')
        .env('DISTRIBUTARY_METRICS_PORT')
        .argParser(portNumber)
        .default(9464),
    )
    .addOption(
      new Option('--stuck-after <seconds>', 'after how long without movement /live fails while entries wait')
        .env('DISTRIBUTARY_STUCK_AFTER')
        .argParser(positiveInteger)
        .default(300),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (packages: string[], options: RunOptions) => {
      const given = await Promise.all(packages.map(readTeam));
      refuseTwice(given);
      const teams = options.only ? chosen(given, options.only) : given;
      const output = new LogOutput(process.stdout);
      const log = createLog('supervisor', output, process.env);
      const plans = teams.flatMap((team) => plansFor(team, options)).map((plan, i) => observed(plan, i, options));
      const supervisor = new Supervisor({ plans, log, output, drainMs: options.drainTimeout * 1_000 });
      setExit(await supervisor.runUntilSignalled());
    });
}

function plansFor(team: Team, { replicas, stallTimeout }: RunOptions): ProcessPlan[] {
  const base = checkName('consumer', process.env['DISTRIBUTARY_CONSUMER'] || hostConsumerName());
  return Array.from({ length: replicas }, (_, i) => ({
    name: replicas === 1 ? team.name : `${team.name}-${i + 1}`,
    program: 'consumer-process',
    args: [team.folder, String(stallTimeout * 1_000)],
    environment: { DISTRIBUTARY_CONSUMER: `${base}-${i + 1}` },
  }));
}

/** Each process has a port of its own for metrics and health. */
function observed(plan: ProcessPlan, position: number, { metricsPort, stuckAfter }: RunOptions): ProcessPlan {
  const environment = {
    ...plan.environment,
    DISTRIBUTARY_METRICS_PORT: String(metricsPort && metricsPort + position),
    DISTRIBUTARY_STUCK_AFTER: String(stuckAfter),
  };
  return { ...plan, environment };
}

function chosen(teams: readonly Team[], names: readonly string[]): Team[] {
  const unknown = names.find((name) => !teams.some((team) => team.name === name));
  if (unknown === undefined) return teams.filter(({ name }) => names.includes(name));
  const known = teams.map(({ name }) => name).join(', ');
  throw new UsageError(`--only names ${unknown}, and the packages given are ${known}. Name some of these.`);
}

function refuseTwice(teams: readonly Team[]): void {
  const folders = new Set<string>();
  for (const { folder, name } of teams) {
    if (folders.has(folder))
      throw new UsageError(`The package ${name} is given twice. For two processes use --replicas 2.`);
    folders.add(folder);
  }
}
