import { asError, GroupVanishedError, RedisUnavailableError } from './errors.ts';

/** What to do about an error, by the code or the word it begins with. */
const REMEDIES: readonly (readonly [prefix: RegExp, remedy: string])[] = [
  [/^WRONGTYPE/, 'Another program stores something else under this key: rename one of the two.'],
  [/^(NOAUTH|WRONGPASS|ERR AUTH)/, 'Check REDIS_USERNAME and REDIS_PASSWORD.'],
  [/^NOPERM/, 'Grant the user this command on this key with ACL SETUSER.'],
  [/^OOM/, 'Redis is at its maxmemory: raise it, or let the groups that hold entries back catch up.'],
  [/^MISCONF/, 'Redis cannot write to its disk: free space there.'],
  [/^(READONLY|UNBLOCKED)/, 'This server is a replica now; the connection is replaced to find the master.'],
  [/^LOADING/, 'Redis is loading its data; this passes by itself.'],
  [
    /^(MOVED|ASK|CROSSSLOT)/,
    'This is a node of a Redis Cluster, which is not supported: use a single primary or Sentinel.',
  ],
  [/^ERR (DB index|invalid DB)/, 'Correct the database number at the end of the Redis URL.'],
  [/^ECONNREFUSED/, 'Start Redis there, or let REDIS_URL say where it runs.'],
  [/^(ENOTFOUND|EAI_AGAIN)/, 'Check the host name in REDIS_URL, and the name server.'],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/,
    'Check the host in REDIS_URL, the network and its firewalls, and whether that port speaks TLS.',
  ],
  [
    /CERT|^UNABLE_TO_|SELF_SIGNED/,
    'Name the authority that signed the certificate in redis.tls.ca or NODE_EXTRA_CA_CERTS, and the host as the certificate does.',
  ],
  [/^(EPROTO|ERR_SSL_)/, 'Only one side speaks TLS: use rediss:// for a port with TLS and redis:// for one without.'],
];

/** What to do about an error of Redis, its client or the network, as a sentence; undefined where nothing is known. */
export function remedyFor(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return REMEDIES.find(([prefix]) => prefix.test(error.message) || (code !== undefined && prefix.test(code)))?.[1];
}

const REPLACE_CONNECTION = /^(READONLY|LOADING|MASTERDOWN|UNBLOCKED force unblock|NOAUTH)/;
const GROUP_VANISHED =
  /^NOGROUP|^UNBLOCKED the stream key no longer exists|^ERR The XGROUP subcommand requires the key to exist/;

/**
 * The error to report for what a command threw.
 * @param about which command on what, as in `XREADGROUP on syslog_stream for noc_team`
 */
export function explainReply(thrown: unknown, about: string): Error {
  const cause = asError(thrown);
  if (cause.name !== 'ReplyError') return cause;
  if (GROUP_VANISHED.test(cause.message)) {
    return new GroupVanishedError(`${about}: ${cause.message}. The group is created again.`, {
      cause,
    });
  }
  const said = sentence(`${about}: Redis answered ${cause.message}`);
  return new RedisUnavailableError([said, remedyFor(cause)].filter(Boolean).join(' '), { cause });
}

/** Whether that reply means that this connection leads to the wrong server, or to one that is not ready. */
export function needsNewConnection(thrown: unknown): boolean {
  const reply = asError(thrown);
  return reply.name === 'ReplyError' && REPLACE_CONNECTION.test(reply.message);
}

/** With exactly one full stop at its end. */
export function sentence(text: string): string {
  return `${text.replace(/[.\s]+$/, '')}.`;
}

export function isReply(thrown: unknown, prefix: string): boolean {
  const reply = asError(thrown);
  return reply.name === 'ReplyError' && reply.message.startsWith(prefix);
}
