import { parseArgs } from 'node:util';
import { failure, table } from './report.ts';
import { type RoundResult, runRound } from './round.ts';

const USAGE = `npm run chaos -- [--seed 1] [--minutes 1] [--rate 500]

Runs Redis, both teams and the shipper as processes, breaks them and the network between them as the seed has it while
--rate lines a second flow, and then compares the stream with what each team has. Every minute is a round of its own,
with the next seed. Exits with 1 when anything is missing, doubled, wrongly set aside or stuck, and says where the logs are.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    rate: { type: 'string', default: '500' },
    help: { type: 'boolean', default: false },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

if (values.help) console.log(USAGE);
else await run(positive('seed', values.seed), positive('minutes', values.minutes), positive('rate', values.rate));

async function run(firstSeed: number, minutes: number, linesPerSecond: number): Promise<void> {
  const results: RoundResult[] = [];
  for (let round = 0; round < Math.ceil(minutes); round++) {
    const seed = firstSeed + round;
    const durationMs = Math.min(1, minutes - round) * 60_000;
    console.log(`\nseed ${seed}`);
    const result = await runRound({ seed, durationMs, linesPerSecond });
    results.push(result);
    console.log(table([result]));
    const text = failure(result, Math.min(1, minutes));
    if (text) console.error(`\n${text}`);
  }
  if (results.length > 1) console.log(`\nall ${results.length} seeds\n${table(results)}`);
  if (results.some(({ tally }) => tally.violations.length > 0)) process.exitCode = 1;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || (name !== 'minutes' && !Number.isInteger(value))) {
    console.error(`--${name} is ${JSON.stringify(text)}. Give a number above 0.\n\n${USAGE}`);
    process.exit(2);
  }
  return value;
}
