import { auditOf, JobQueue, operator } from '@distributary/replay';
import { Command } from 'commander';
import { DEFAULT_STREAM } from '../declared-streams.ts';
import { EXIT, type ExitCode, type SetExit } from '../exit.ts';
import { type GroupChoice, groupCommand, groupName, withRedis } from '../group-choice.ts';
import { showUntilEnded } from '../job-request.ts';
import { type GroupJobs, jobSentence, jobTable } from '../job-text.ts';
import { streamStatus } from '../stream-status.ts';

interface ListOptions {
  readonly group?: string;
  readonly stream: string;
  readonly json?: true;
}

interface JobOptions extends GroupChoice {
  readonly follow?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx distributary jobs                                      of every group of syslog_stream, newest first
  npx distributary jobs --group noc_team --json | jq '.groups[].jobs[] | {id, kind, state, progress}'
  npx distributary jobs show 3 --group noc_team --follow     its bar, until it has ended
  npx distributary jobs cancel 3 --group noc_team            what it has done by then is done

A job is a replay, a redrive or a backfill; it runs in a process of its team, one at a time per group, and is taken over by
another process when that one ends. The last 100 that have ended are kept. Below them stands what was done by hand: dropped
dead letters, and a group that was moved. Reads REDIS_URL.
Exit codes: 0 shown, or cancelled · 1 there is no such job, or it failed · 2 wrong arguments · 3 Redis did not answer`;

export function jobsCommand(setExit: SetExit): Command {
  const command = new Command('jobs')
    .description('list replays, redrives and backfills; show or cancel one')
    .addHelpText('after', EXAMPLES);
  command.addCommand(listCommand().exitOverride(), { isDefault: true });
  for (const sub of [showCommand(setExit), cancelCommand(setExit)]) command.addCommand(sub.exitOverride());
  return command;
}

function listCommand(): Command {
  return new Command('list')
    .description('those that wait, run, or ended not long ago, newest first')
    .option('--group <name>', 'only of this group', groupName)
    .option('--stream <name>', 'of the groups that read this stream', DEFAULT_STREAM)
    .option('--json', 'print one JSON object')
    .action(list);
}

function list({ group, stream, json }: ListOptions): Promise<void> {
  return withRedis(async (connection, redis) => {
    const { groups } = await streamStatus(connection, stream, []);
    const names = group === undefined ? groups.map((status) => status.group) : [group];
    const listed: GroupJobs[] = [];
    for (const name of names) {
      await using queue = await JobQueue.open(redis, { stream, group: name });
      const audit = await auditOf(connection, { stream, group: name });
      listed.push({ group: name, jobs: await queue.list(), audit });
    }
    process.stdout.write(json ? `${JSON.stringify({ stream, groups: listed })}\n` : jobTable(listed));
  });
}

function showCommand(setExit: SetExit): Command {
  return groupCommand('show')
    .description('one job, and with --follow how it goes')
    .argument('<job>', 'its number')
    .option('--follow', 'until it has ended, or Ctrl-C')
    .option('--json', 'print one JSON object')
    .action((id: string, options: JobOptions) =>
      withRedis(async (connection, redis) => {
        await using queue = await JobQueue.open(redis, options);
        const job = await queue.find(id);
        if (!job) return setExit(missing(id, options));
        if (options.follow) {
          return setExit(await showUntilEnded(queue, id, { choice: options, connection, json: options.json }));
        }
        process.stdout.write(options.json ? `${JSON.stringify(job)}\n` : `${jobSentence(job)}\n`);
        if (job.state === 'failed') setExit(EXIT.failed);
      }),
    );
}

function cancelCommand(setExit: SetExit): Command {
  return groupCommand('cancel')
    .description('end a job after what it has in hand; the rest stays as it is')
    .argument('<job>', 'its number')
    .action((id: string, options: JobOptions) =>
      withRedis(async (_connection, redis) => {
        await using queue = await JobQueue.open(redis, options);
        const cancelled = await queue.cancel(id, operator());
        if (!cancelled) return setExit(missing(id, options));
        process.stdout.write(`job ${id} of ${options.group} ${CANCELLED[cancelled]}\n`);
      }),
    );
}

const CANCELLED = {
  removed: 'had not begun, and is removed',
  asked: 'is told to end: its process leaves it within a second',
  over: 'had ended already',
} as const;

function missing(id: string, { group, stream }: GroupChoice): ExitCode {
  process.stderr.write(
    `distributary: There is no job ${id} of ${group}: npx distributary jobs --group ${group} --stream ${stream}\n`,
  );
  return EXIT.failed;
}
