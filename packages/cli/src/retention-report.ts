import {
  type GroupStatus,
  type RedisConnection,
  type RetentionPass,
  type RetentionPolicy,
  type ShedAccount,
  shedAccount,
} from '@distributary/core';
import { count, duration, table } from './format.ts';
import { streamStatus } from './stream-status.ts';
import type { Team } from './team.ts';

/** What a pass did, and where it leaves every group. */
export interface RetentionReport extends RetentionPass {
  readonly dryRun: boolean;
  /** Entries in the stream now; null when there is no such stream. */
  readonly length: number | null;
  readonly groups: readonly GroupRetention[];
}

interface GroupRetention extends GroupStatus {
  readonly declared: boolean;
  readonly retention: RetentionPolicy;
  /** Ever, and the newest ranges. */
  readonly account: ShedAccount;
}

/** @throws RedisUnavailableError */
export async function retentionReport(
  connection: RedisConnection,
  pass: RetentionPass,
  { teams, dryRun }: { readonly teams: readonly Team[]; readonly dryRun: boolean },
): Promise<RetentionReport> {
  const { stream } = pass;
  const declared = new Map(teams.map(({ group, retention }) => [group, retention]));
  const { length, groups } = await streamStatus(connection, stream, teams);
  const withAccount = async (status: GroupStatus): Promise<GroupRetention> => {
    const account = await shedAccount(connection, { stream, group: status.group });
    return {
      ...status,
      // What was shed unread is lost, too, and Redis counts it until the group reads on: the larger holds both.
      lost: Math.max(status.lost, account.unread),
      declared: declared.has(status.group),
      retention: declared.get(status.group) ?? 'protect',
      account,
    };
  };
  return { ...pass, dryRun, length, groups: await Promise.all(groups.map(withAccount)) };
}

/** What happened, in a line or a few. */
export function summary(report: RetentionReport): string {
  const { stream, outcome, trimmed, length, missing, undeclared, neededBy, lockedBy, dryRun, shed, forgotten } = report;
  if (outcome === 'missing') {
    const names = missing.join(', ');
    return (
      `${stream}: refused, for ${names} ${missing.length === 1 ? 'is' : 'are'} declared and not there. ` +
      `Start the consumer with npx distributary run, or leave its package out if the team is gone.\n`
    );
  }
  if (outcome === 'locked') return `${stream}: left alone, another janitor is at it (${lockedBy})\n`;
  const lines = [
    `${stream}: ${count(trimmed)} entries ${dryRun ? 'would be ' : ''}trimmed, ${count(length ?? 0)} left${dryRun ? ' now' : ''}`,
  ];
  if (outcome === 'lockLost') lines.push('another janitor took over amid the pass, so this one stopped');
  if (outcome === 'stopped') lines.push('stopped before the end; the next pass goes on from there');
  for (const [group, unread, pending] of sumsOf(shed)) {
    lines.push(
      `of these ${group} ${dryRun ? 'would lose' : 'has lost'} ${count(unread)} unread and ${count(pending)} pending ones`,
    );
  }
  if (neededBy.length > 0) lines.push(`the oldest that stays is needed by ${neededBy.join(', ')}`);
  if (forgotten.length > 0) {
    const names = `${count(forgotten.length)} ${forgotten.length === 1 ? 'name' : 'names'}`;
    lines.push(`${names} of consumers that hold nothing and were not heard of ${dryRun ? 'would be ' : ''}removed`);
  }
  if (undeclared.length > 0) {
    lines.push(
      `not declared, and protected: ${undeclared.join(', ')} (give its package, or if nobody reads it: redis-cli XGROUP DESTROY ${stream} ${undeclared[0]})`,
    );
  }
  return `${lines.join('\n  ')}\n`;
}

const HEADER = ['group', 'retention', 'lag', 'pending', 'oldest', 'lost', 'of it shed', 'shed pending'];

export function retentionTable({ groups }: RetentionReport): string {
  return `${table(HEADER, groups.map(rowOf)).replace(/^/gm, '  ')}\n`;
}

function rowOf(group: GroupRetention): string[] {
  const { lagEntries, pending, oldestPendingAgeMs, lost, account, declared, exists, retention } = group;
  return [
    group.group,
    `${policyText(retention)}${declared ? '' : ' (not declared)'}${exists ? '' : ' (missing)'}`,
    lagEntries === null ? 'unknown' : count(lagEntries),
    count(pending),
    oldestPendingAgeMs === null ? '-' : duration(oldestPendingAgeMs),
    count(lost),
    count(account.unread),
    count(account.pending),
  ];
}

function policyText(policy: RetentionPolicy): string {
  if (policy === 'protect') return policy;
  const { maxEntries, maxAgeMs } = policy.shed;
  const bounds = [
    ...(maxEntries === undefined ? [] : [`${count(maxEntries)} entries`]),
    ...(maxAgeMs === undefined ? [] : [duration(maxAgeMs)]),
  ];
  return `shed beyond ${bounds.join(' or ')}`;
}

function sumsOf(shed: RetentionPass['shed']): [group: string, unread: number, pending: number][] {
  const groups = [...new Set(shed.map(({ group }) => group))];
  return groups.map((group) => {
    const own = shed.filter((range) => range.group === group);
    return [
      group,
      own.reduce((sum, range) => sum + range.unread, 0),
      own.reduce((sum, range) => sum + range.pending, 0),
    ];
  });
}
