import { Command } from 'commander';
import { aclCommand } from './commands/acl.ts';
import { backfillCommand } from './commands/backfill.ts';
import { dashboardsCommand } from './commands/dashboards.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { jobsCommand } from './commands/jobs.ts';
import { newCommand } from './commands/new.ts';
import { parseCommand } from './commands/parse.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { redriveCommand } from './commands/redrive.ts';
import { replayCommand } from './commands/replay.ts';
import { retainCommand } from './commands/retain.ts';
import { runCommand } from './commands/run.ts';
import { seekCommand } from './commands/seek.ts';
import { shipCommand } from './commands/ship.ts';
import { statusCommand } from './commands/status.ts';
import { tapCommand } from './commands/tap.ts';
import { topCommand } from './commands/top.ts';
import { traceCommand } from './commands/trace.ts';
import type { SetExit } from './exit.ts';

export function createProgram(setExit: SetExit): Command {
  const program = new Command('distributary')
    .description('One Redis Stream, a full copy for every team.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError()
    .addHelpText('after', EXIT_CODES);
  const commands = [
    newCommand,
    runCommand,
    shipCommand,
    statusCommand,
    topCommand,
    tapCommand,
    traceCommand,
    reconcileCommand,
    retainCommand,
    parseCommand,
    doctorCommand,
    aclCommand,
    dashboardsCommand,
    deadLettersCommand,
    redriveCommand,
    replayCommand,
    backfillCommand,
    seekCommand,
    jobsCommand,
    demoCommand,
  ];
  for (const create of commands) program.addCommand(create(setExit).exitOverride());
  return program;
}

const EXIT_CODES = `
Exit codes: 0 done · 1 something failed that the output names · 2 wrong arguments or environment · 3 Redis did not answer`;
