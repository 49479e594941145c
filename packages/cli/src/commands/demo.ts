import { Command } from 'commander';
import { positiveInteger } from '../arguments.ts';
import { runDemo } from '../demo/demo.ts';
import type { SetExit } from '../exit.ts';

interface DemoCommandOptions {
  readonly for: number;
  readonly rate?: number;
  readonly quietStory?: true;
  readonly keepRunning?: true;
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const EXAMPLES = `
Examples:
  npx distributary demo                            what npm start does
  npx distributary demo --for 60 --rate 5000
  npx distributary demo --quiet-story --keep-running

Starts a Redis, stand-ins for Elasticsearch and the event collector (or uses ELASTICSEARCH_URL, and SIEM_URL with
SIEM_TOKEN), the shipper and both teams, each as a process of its own; everything is gone when it ends.
Ctrl-C ends the story early; what was written until then is reconciled.
Exit codes: 0 nothing is missing · 1 something is, as the reconciliation shows · 2 wrong arguments, or not in a checkout`;

export function demoCommand(setExit: SetExit): Command {
  return new Command('demo')
    .description('show it all: traffic, two teams, an outage, a kill, and a reconciliation at the end')
    .option('--for <seconds>', 'how long the traffic flows', positiveInteger, 30)
    .option('--rate <lines>', 'lines per second (default: 1000; 200 on the embedded Redis)', positiveInteger)
    .option('--quiet-story', 'nothing goes wrong')
    .option('--keep-running', 'go on until Ctrl-C')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DemoCommandOptions) => {
      const interrupted = new AbortController();
      const interrupt = () => interrupted.abort();
      for (const signal of ENDING) process.on(signal, interrupt);
      const { for: seconds, rate, quietStory = false, keepRunning = false } = options;
      setExit(await runDemo({ for: seconds, rate, quietStory, keepRunning }, interrupted.signal));
      for (const signal of ENDING) process.off(signal, interrupt);
    });
}
