import { hostname, userInfo } from 'node:os';
import { type Entry, groupKey, type RedisArgument, type RedisConnection, StreamHistory } from '@distributary/core';

/** What was done to a group by hand, beside its jobs. */
export interface AuditLine {
  /** ISO 8601, by Redis's clock. */
  readonly at: string;
  readonly action: string;
  readonly by: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** So many are kept per group. */
const KEPT = 1_000;

/** `user@host`: who asks. */
export function operator(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** The command that writes an audit line, to stand in one transaction with what it tells of. */
export function auditCommand(
  { stream, group }: { readonly stream: string; readonly group: string },
  action: 'drop' | 'seek',
  details: object,
): [string, ...RedisArgument[]] {
  const key = groupKey(stream, group, 'audit');
  const fields = ['action', action, 'by', operator(), 'details', JSON.stringify(details)];
  return ['XADD', key, 'MAXLEN', '~', KEPT, '*', ...fields];
}

/** The audit lines of a group that are kept, newest last. @throws RedisUnavailableError */
export async function auditOf(
  connection: RedisConnection,
  { stream, group }: { readonly stream: string; readonly group: string },
): Promise<AuditLine[]> {
  const lines: Entry[] = [];
  const history = new StreamHistory(connection, groupKey(stream, group, 'audit'));
  for await (const page of history.pages({ from: '-', to: '+' })) lines.push(...page);
  return lines.map((line) => ({
    at: new Date(line.timestamp).toISOString(),
    action: line.text('action') ?? '',
    by: line.text('by') ?? '',
    details: JSON.parse(line.text('details') ?? '{}'),
  }));
}
