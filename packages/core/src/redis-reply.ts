import { asError, GroupVanishedError, RedisUnavailableError } from './errors.ts';

/** What to do about an error reply, by the word it begins with. */
const REMEDIES: readonly (readonly [prefix: RegExp, remedy: string])[] = [
  [/^WRONGTYPE/, 'Another program stores something else under this key: rename one of the two.'],
  [/^(NOAUTH|WRONGPASS)/, 'Check REDIS_USERNAME and REDIS_PASSWORD.'],
  [/^NOPERM/, 'Grant the user this command on this key with ACL SETUSER.'],
  [/^OOM/, 'Redis is at its maxmemory: raise it, or let the groups that hold entries back catch up.'],
  [/^MISCONF/, 'Redis cannot write to its disk: free space there.'],
  [/^(READONLY|UNBLOCKED)/, 'This server is a replica now; the connection is replaced to find the master.'],
  [/^LOADING/, 'Redis is loading its data; this passes by itself.'],
];

const REPLACE_CONNECTION = /^(READONLY|LOADING|MASTERDOWN|UNBLOCKED force unblock|NOAUTH)/;
const GROUP_VANISHED = /^NOGROUP|^UNBLOCKED the stream key no longer exists/;

/**
 * The error to report for what a command threw.
 * @param about which command on what, as in `XREADGROUP on syslog_stream for noc_team`
 */
export function explainReply(thrown: unknown, about: string): Error {
  const cause = asError(thrown);
  if (cause.name !== 'ReplyError') return cause;
  if (GROUP_VANISHED.test(cause.message)) {
    return new GroupVanishedError(`${about}: ${cause.message}. The group is created again from the beginning.`, {
      cause,
    });
  }
  const remedy = REMEDIES.find(([prefix]) => prefix.test(cause.message))?.[1];
  return new RedisUnavailableError(`${about}: Redis answered ${cause.message}.${remedy ? ` ${remedy}` : ''}`, {
    cause,
  });
}

/** Whether that reply means that this connection leads to the wrong server, or to one that is not ready. */
export function needsNewConnection(thrown: unknown): boolean {
  const reply = asError(thrown);
  return reply.name === 'ReplyError' && REPLACE_CONNECTION.test(reply.message);
}

export function isReply(thrown: unknown, prefix: string): boolean {
  const reply = asError(thrown);
  return reply.name === 'ReplyError' && reply.message.startsWith(prefix);
}
