import { checkName, groupStatus, RedisConnection, type RedisOptions, redisFromEnvironment } from '@distributary/core';
import { Command, InvalidArgumentError } from 'commander';
import { DEFAULT_STREAM } from './declared-streams.ts';
import { UsageError } from './usage-error.ts';

/** What the options `--group` and `--stream` name. */
export interface GroupChoice {
  readonly stream: string;
  readonly group: string;
}

/** A command about one group. */
export function groupCommand(name: string): Command {
  return new Command(name)
    .requiredOption('--group <name>', "the team's consumer group, such as noc_team", groupName)
    .option('--stream <name>', 'the stream that it reads', DEFAULT_STREAM);
}

/** @throws InvalidArgumentError */
export function groupName(text: string): string {
  try {
    return checkName('group', text);
  } catch (thrown) {
    throw new InvalidArgumentError((thrown as Error).message);
  }
}

/** Runs with a connection to the Redis of the environment, and closes it. */
export async function withRedis<Result>(
  run: (connection: RedisConnection, redis: RedisOptions) => Promise<Result>,
): Promise<Result> {
  const redis = redisFromEnvironment(process.env);
  const connection = new RedisConnection(redis, 'distributary:operator');
  try {
    return await run(connection, redis);
  } finally {
    connection.close();
  }
}

/** @throws UsageError when there is no such group on the stream */
export async function requireGroup(connection: RedisConnection, { stream, group }: GroupChoice): Promise<void> {
  const { exists } = await groupStatus(connection, { stream, group });
  if (exists) return;
  throw new UsageError(
    `There is no group ${group} on the stream ${stream}. See npx distributary status --stream ${stream}; ` +
      'a group is created by its consumer: npx distributary run consumers/…',
  );
}
