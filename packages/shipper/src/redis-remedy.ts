const REMEDIES: readonly (readonly [prefix: RegExp, remedy: string])[] = [
  [/^WRONGTYPE/, 'Another program stores something else under this key: rename one of the two.'],
  [/^OOM/, 'Redis is at its maxmemory: raise it, or let the groups that hold entries back catch up.'],
  [/^MISCONF/, 'Redis cannot write to its disk: free space there.'],
  [/^(NOAUTH|WRONGPASS)/, 'Check the user and the password for Redis.'],
  [
    /^NOPERM/,
    "Grant the shipper's user +evalsha +eval +xadd +get +set on the stream and on distributary:{*}:shipped:* with ACL SETUSER.",
  ],
  [/^(READONLY|UNBLOCKED|MASTERDOWN)/, 'This server is a replica: point the shipper at the master.'],
  [/^LOADING/, 'Redis is loading its data; this passes by itself.'],
  [/last possible ID/, 'The stream takes no more entries: ship to another stream.'],
];

/** What to do about an error of Redis, as a sentence; its client's own errors bring their advice with them. */
export function remedyFor({ message }: Error): string {
  return REMEDIES.find(([prefix]) => prefix.test(message))?.[1] ?? 'Lines wait, and adding them is tried again.';
}
