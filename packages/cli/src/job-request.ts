import type { RedisConnection, RedisOptions } from '@distributary/core';
import { JobQueue, type JobRequest } from '@distributary/replay';
import type { Command } from 'commander';
import { positiveInteger } from './arguments.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { GroupChoice } from './group-choice.ts';
import { followJob } from './job-follow.ts';
import { jobSentence } from './job-text.ts';
import { untilInterrupted } from './until-interrupted.ts';

export interface JobOptions extends GroupChoice {
  readonly rate: number;
  readonly detach?: true;
  readonly json?: true;
}

const DEFAULT_RATE = 1_000;

/** Adds the options of every command that asks for a job. */
export function jobOptions(command: Command): Command {
  return command
    .option('--rate <n>', 'entries per second at the most', positiveInteger, DEFAULT_RATE)
    .option('--detach', 'leave it running, print its number')
    .option('--json', 'print one JSON object');
}

/** Asks the group's processes for a job and, unless detached, shows how it goes until it has ended, or until Ctrl-C. */
export async function askForJob(
  request: JobRequest,
  { stream, group, detach, json }: JobOptions,
  { connection, redis }: { readonly connection: RedisConnection; readonly redis: RedisOptions },
): Promise<ExitCode> {
  await using queue = await JobQueue.open(redis, { stream, group });
  const id = await queue.add(request);
  return await showUntilEnded(queue, id, { choice: { stream, group }, connection, detach, json });
}

/** Shows a job until it has ended or somebody leaves it; then says how it stands. */
export async function showUntilEnded(
  queue: JobQueue,
  id: string,
  {
    choice,
    connection,
    detach,
    json,
  }: { choice: GroupChoice; connection: RedisConnection; detach?: true | undefined; json?: true | undefined },
): Promise<ExitCode> {
  const job = await untilInterrupted((signal) =>
    followJob(queue, id, { choice, connection, signal: detach ? AbortSignal.abort() : signal }),
  );
  if (!job) throw new Error(`Job ${id} of ${choice.group} is gone: somebody removed it.`);
  process.stdout.write(json ? `${JSON.stringify(job)}\n` : `${jobSentence(job)}\n`);
  if (job.endedAt === undefined) {
    process.stderr.write(
      `It goes on without this command: npx distributary jobs show ${id} --group ${choice.group} --stream ${choice.stream}\n`,
    );
    return EXIT.done;
  }
  return job.state === 'done' && job.progress.failed === 0 ? EXIT.done : EXIT.failed;
}
