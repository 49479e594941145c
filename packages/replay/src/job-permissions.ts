import { groupKey } from '@distributary/core';

/** What BullMQ 6.7 and its scripts do to the keys of a queue, and jobs to the dead letters. */
export const JOB_COMMANDS: readonly string[] =
  'bzpopmin del eval evalsha exists get hdel hexists hget hgetall hincrby hmget hmset hset incr llen lpush lrange lrem ltrim pexpire pttl rpoplpush rpush sadd scard set smembers srem xadd xdel xrange xtrim zadd zcard zpopmin zrange zrangebyscore zrem zremrangebyrank zremrangebyscore zrevrange zrevrangebyscore zscore'.split(
    ' ',
  );

/**
 * The rule that a team's user needs beside those of its consumer, so that its processes may run jobs. Redis 7.0 or newer:
 * it restricts the commands that change keys to those of the group's own.
 */
export function jobPermissions({ stream, group }: { readonly stream: string; readonly group: string }): string {
  const own = groupKey(stream, group, 'jobs').replace(/jobs$/, '*');
  const commands = JOB_COMMANDS.map((name) => `+${name}`);
  return `ACL SETUSER <user> +client|setname (~${stream} +xrange) (~${own} ${commands.join(' ')})`;
}

/** Whether Redis refused a command, or one of a script, to this user. */
export function isForbidden({ name, message }: Error): boolean {
  return name === 'ReplyError' && /^NOPERM|The user executing the script/.test(message);
}
