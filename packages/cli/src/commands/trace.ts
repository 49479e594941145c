import { describeRedis, type EntryId, RedisConnection, redisFromEnvironment } from '@distributary/core';
import { Command } from 'commander';
import { streamsOf } from '../declared-streams.ts';
import { type DestinationTrace, type EntryTrace, type GroupTrace, traceEntry } from '../entry-trace.ts';
import { EXIT, type SetExit } from '../exit.ts';
import { count, duration, printable, printableJson, table } from '../format.ts';
import { entryId } from '../stream-bound.ts';
import { readTeam } from '../team.ts';

interface TraceOptions {
  readonly stream?: readonly string[];
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx distributary trace 1762000000000-0                    what every group of syslog_stream made of it
  npx distributary trace 1762000000000-0 consumers/noc      also asks the team's destination whether it has it
  npx distributary trace 1762000000000-0 --json | jq '.streams[].groups[]'

to come: not handed out yet · pending: handed out, to whom, how often, and how long ago or since its lease was renewed ·
dead letter: set aside, by whom, when, after how many deliveries, why · acknowledged: its sink confirmed it; by whom and
when Redis does not keep · lost: trimmed before the group could have it · gone: the group is past it and it is trimmed.
The document id is what destinations know it by: the _id in Elasticsearch, distributary_id at a collector.
Reads REDIS_URL, and what the packages' destinations need; changes nothing.
Exit codes: 0 shown · 1 no stream and no group knows the entry · 2 wrong arguments or package · 3 Redis did not answer`;

export function traceCommand(setExit: SetExit): Command {
  return new Command('trace')
    .description('show what every group made of one entry')
    .argument('<entry-id>', 'as Redis writes it', entryId)
    .argument('[package...]', 'folders of consumer packages; their streams are searched, and their destinations asked')
    .option('--stream <name...>', 'streams to search (default: those of the packages, or syslog_stream)')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (id: EntryId, packages: string[], { stream: named, json }: TraceOptions) => {
      const teams = await Promise.all(packages.map(readTeam));
      const redis = redisFromEnvironment(process.env);
      const connection = new RedisConnection(redis, 'distributary:trace');
      try {
        const traces: EntryTrace[] = [];
        for (const { stream } of await streamsOf(packages, named)) {
          const own = teams.filter((team) => team.stream === stream);
          traces.push(await traceEntry(connection, { stream, id, teams: own, environment: process.env }));
        }
        if (!traces.some(isKnown)) setExit(EXIT.failed);
        const at = new Date().toISOString();
        const text = json
          ? `${printableJson({ at, redis: describeRedis(redis), streams: traces })}\n`
          : traces.map(textOf).join('\n');
        process.stdout.write(text);
      } finally {
        connection.close();
      }
    });
}

function isKnown({ entry, groups }: EntryTrace): boolean {
  return entry !== null || groups.some(({ state }) => state === 'pending' || state === 'deadLetter');
}

const HEADER = ['group', 'state', 'by', 'deliveries', 'when', 'destination', ''];

function textOf(trace: EntryTrace): string {
  const { id, stream, addedAt, entry, groups } = trace;
  const age = duration(Math.max(0, Date.now() - Date.parse(addedAt)));
  const where = entry
    ? `${id} in ${stream}: added ${addedAt}, ${age} ago, ${count(entry.bytes)} bytes\ndocument id: ${printable(entry.identity)}`
    : `${id} is not in ${stream}: trimmed, or never there; by its ID from ${addedAt}`;
  const rows = groups.map(rowOf);
  return `${where}\n${rows.length === 0 ? '  no group reads the stream' : table(HEADER, rows).replace(/^/gm, '  ')}\n`;
}

const STATES: Readonly<Record<GroupTrace['state'], string>> = {
  toCome: 'to come',
  pending: 'pending',
  deadLetter: 'dead letter',
  acknowledged: 'acknowledged',
  lost: 'lost',
  gone: 'gone',
  noGroup: 'no such group',
};

function rowOf(trace: GroupTrace): string[] {
  const { group, state, destination } = trace;
  const asked = destination ? textOfDestination(destination) : '';
  if (trace.state === 'pending') {
    const { consumer, deliveries, idleMs } = trace;
    return [group, STATES[state], consumer, count(deliveries), `${duration(idleMs)} ago`, asked, ''];
  }
  if (trace.state === 'deadLetter') {
    const { consumer, attempts, setAsideAt, verdict, reason } = trace.envelope;
    const why = printable(`${verdict}: ${reason} (document id ${trace.identity})`);
    return [group, STATES[state], consumer, count(attempts), setAsideAt, asked, why];
  }
  return [group, STATES[state], '-', '-', '-', asked, ''];
}

function textOfDestination(destination: DestinationTrace): string {
  const { name } = destination;
  if ('unknown' in destination) return `not asked: ${printable(destination.unknown)}`;
  return destination.held ? `in ${name}` : `not in ${name}`;
}
