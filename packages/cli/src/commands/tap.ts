import { RedisConnection, redisFromEnvironment } from '@distributary/core';
import { Command, InvalidArgumentError } from 'commander';
import { positiveInteger } from '../arguments.ts';
import { DEFAULT_STREAM } from '../declared-streams.ts';
import { printable, printableJson } from '../format.ts';
import type { Standing } from '../group-ledger.ts';
import { GroupTap, type Sighting } from '../group-tap.ts';
import { rangeStart, type StreamBound } from '../stream-bound.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface TapOptions {
  readonly group: string;
  readonly stream: string;
  readonly grep?: RegExp;
  readonly from?: StreamBound;
  readonly limit?: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx distributary tap --group noc_team                              every new entry, and what becomes of it
  npx distributary tap --group noc_team --grep '%ASA-4-106023'       only those with a match in the name=value of a field
  npx distributary tap --group noc_team --from 15m --limit 20        from a quarter of an hour ago on, 20 entries
  npx distributary tap --group sec_team --json | jq 'select(.state == "deadLetter")'

A line per change: toCome (not handed out yet), pending (handed out, to whom and how often), acknowledged (its sink
confirmed it), deadLetter (set aside, why). It reads the stream beside the group: nothing is handed out, claimed or
acknowledged, and the group does not notice. Where 10,000 entries are not settled yet it reads on only after some are.
Payloads are shown; controls in them are escaped. Reads REDIS_URL. Ctrl-C ends it.
Exit codes: 0 ended, or shown up to --limit · 1 there is no such group · 2 wrong arguments · 3 Redis did not answer`;

export function tapCommand(): Command {
  return new Command('tap')
    .description('watch entries and what a group makes of them, without disturbing it')
    .requiredOption('--group <name>', 'whose verdicts to show')
    .option('--stream <name>', 'the stream to watch', DEFAULT_STREAM)
    .option('--grep <regex>', 'only entries one of whose fields matches, as name=value', regularExpression)
    .option('--from <time>', 'begin in the past: a time, a span ago such as 15m, or an entry ID', rangeStart)
    .option('--limit <entries>', 'end once so many entries are settled', positiveInteger)
    .option('--json', 'print one JSON object per change')
    .addHelpText('after', EXAMPLES)
    .action(async ({ json, from, ...options }: TapOptions) => {
      const connection = new RedisConnection(redisFromEnvironment(process.env), 'distributary:tap');
      // Whoever reads may have seen enough, as head(1) has.
      process.stdout.on('error', () => process.exit());
      const tap = new GroupTap(connection, { ...options, from: from?.place });
      try {
        await untilInterrupted(async (signal) => {
          for await (const sighting of tap.sightings(signal)) {
            process.stdout.write(`${json ? jsonOf(sighting) : lineOf(sighting)}\n`);
          }
        });
      } finally {
        connection.close();
      }
    });
}

const MAX_SHOWN = 200;

function lineOf({ at, entry, standing }: Sighting): string {
  const fields = [...entry.fields()].map(([name, value]) => (name.equals(LINE) ? `${value}` : `${name}=${value}`));
  const shown = printable(fields.join(' ').slice(0, MAX_SHOWN));
  return `${at.slice(11, 23)}  ${entry.id}  ${standing.state.padEnd(12)}  ${detailOf(standing)}${shown}`;
}

const LINE = Buffer.from('line');

function detailOf(standing: Standing): string {
  if (standing.state === 'pending') return `by ${standing.consumer}, delivery ${standing.deliveries}  `;
  if (standing.state !== 'deadLetter') return '';
  const { consumer, verdict, reason } = standing.envelope;
  return `by ${consumer}, ${verdict}: ${printable(reason)}  `;
}

function jsonOf({ at, entry, standing }: Sighting): string {
  const fields = [...entry.fields()].map(([name, value]) => [String(name), String(value)] as const);
  return printableJson({ at, id: entry.id, ...standing, fields });
}

function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (thrown) {
    throw new InvalidArgumentError(`${(thrown as Error).message}.`);
  }
}
