import type { GroupIdentity } from './consumer-group.ts';
import { groupConsumers } from './group-status.ts';
import type { RedisConnection } from './redis-connection.ts';

/** XGROUP DELCONSUMER destroys what is pending for the consumer, so nothing may come between the look and the removal. */
const REMOVE = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
`;

/**
 * Removes the consumer unless something is pending for it. One that is alive comes back with its next read.
 * @returns whether it is gone
 * @throws RedisUnavailableError, or Redis's own error reply
 */
export async function removeConsumer(
  connection: RedisConnection,
  { stream, group, consumer }: GroupIdentity,
): Promise<boolean> {
  return (await connection.call('EVAL', REMOVE, 1, stream, group, consumer)) === 1;
}

export interface IdleConsumers {
  /** For how long a consumer must not have been heard of: for asking, before Redis 7.2 only for being given something. */
  readonly idleMs: number;
  /** Says which would be removed and removes none. */
  readonly dryRun: boolean;
}

/**
 * Removes the consumers of a group that hold nothing and were not heard of for long: processes that never come back
 * under their names, as pods do not.
 * @returns their names
 * @throws RedisUnavailableError, or Redis's own error reply
 */
export async function removeIdleConsumers(
  connection: RedisConnection,
  of: Omit<GroupIdentity, 'consumer'>,
  { idleMs, dryRun }: IdleConsumers,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { name, pending, idleMs: idle } of await groupConsumers(connection, of)) {
    if (pending > 0 || idle < idleMs) continue;
    if (dryRun || (await removeConsumer(connection, { ...of, consumer: name }))) removed.push(name);
  }
  return removed;
}
