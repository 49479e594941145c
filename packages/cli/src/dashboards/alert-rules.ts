import { stringify } from 'yaml';
import { duration } from '../format.ts';
import type { Team } from '../team.ts';

/** A rule as Prometheus reads it. */
interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** For how long it has to be true. */
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string; readonly description: string };
}

/** At so much of its quota of dead letters somebody had better look. */
const QUOTA_WARNING_SHARE = 0.8;

/** The rules file of Prometheus: what holds for every group, and what each package promises. */
export function alertRules(teams: readonly Team[]): string {
  const groups = [
    { name: 'distributary', rules: COMMON },
    ...teams.map((team) => ({ name: `distributary-${team.name}`, rules: rulesOf(team) })),
  ];
  return stringify({ groups }, { lineWidth: 0 });
}

const COMMON: readonly AlertRule[] = [
  {
    alert: 'DistributaryHeld',
    expr: 'max by (stream, group) (distributary_held) == 1',
    for: '1m',
    labels: { severity: 'page' },
    annotations: {
      summary: '{{ $labels.group }} is on hold',
      description:
        'The destination refuses everything until somebody acts, or the quota of dead letters is used up. Nothing is lost. The log of the consumer says what to do: on hold.',
    },
  },
  {
    alert: 'DistributaryNothingMoves',
    expr: 'max by (stream, group) (distributary_lag_entries) > 0 and sum by (stream, group) (rate(distributary_delivered_total[5m])) == 0',
    for: '5m',
    labels: { severity: 'page' },
    annotations: {
      summary: '{{ $labels.group }} has {{ $value | humanize }} entries waiting and delivers none',
      description: 'Look at its destination and its log: npx distributary doctor, npx distributary status.',
    },
  },
  {
    alert: 'DistributaryLost',
    expr: 'max by (stream, group) (increase(distributary_lost_total[10m])) > 0',
    for: '0m',
    labels: { severity: 'page' },
    annotations: {
      summary: '{{ $labels.group }} has lost entries: trimmed before it had them',
      description:
        'Find who trims {{ $labels.stream }} besides npx distributary retain; its output says what was shed for whom.',
    },
  },
  {
    alert: 'DistributaryDeadLetters',
    expr: 'sum by (stream, group) (increase(distributary_dead_lettered_total[10m])) > 0',
    for: '0m',
    labels: { severity: 'ticket' },
    annotations: {
      summary: 'Entries of {{ $labels.group }} were set aside',
      description:
        'Each dead letter holds the reason and the entry: redis-cli XRANGE distributary:{{ "{" }}{{ $labels.stream }}{{ "}" }}:{{ $labels.group }}:dead-letters - +',
    },
  },
];

function rulesOf(team: Team): AlertRule[] {
  const { name, group, owner, lagSloSeconds, deadLetterQuota } = team;
  const labels = { team: name, ...(owner ? { owner } : {}) };
  const of = (metric: string) => `max by (stream, group) (distributary_${metric}${selectorOf(team)})`;
  const absent: AlertRule = {
    alert: 'DistributaryNobodyReads',
    expr: `absent(distributary_lag_entries${selectorOf(team)})`,
    for: '5m',
    labels: { severity: 'page', ...labels },
    annotations: {
      summary: `No consumer of ${group} tells how it is`,
      description: `Start it: npx distributary run, with the package ${name}; or let Prometheus scrape it.`,
    },
  };
  return [absent, ...lagRules(), ...quotaRules()];

  function lagRules(): AlertRule[] {
    if (lagSloSeconds === undefined) return [];
    return [
      {
        alert: 'DistributaryLagSlo',
        expr: `${of('lag_seconds')} > ${lagSloSeconds} or ${of('oldest_pending_seconds')} > ${lagSloSeconds}`,
        for: '2m',
        labels: { severity: 'page', ...labels },
        annotations: {
          summary: `${group} is {{ $value | humanizeDuration }} behind, and promises ${duration(lagSloSeconds * 1_000)}`,
          description: `Look for a hold or an outage: npx distributary doctor, with the package ${name}. If it delivers, run more with --replicas.`,
        },
      },
    ];
  }

  function quotaRules(): AlertRule[] {
    if (deadLetterQuota === undefined) return [];
    return [
      {
        alert: 'DistributaryDeadLetterQuota',
        expr: `${of('dead_letters')} >= ${Math.ceil(QUOTA_WARNING_SHARE * deadLetterQuota)}`,
        for: '0m',
        labels: { severity: 'ticket', ...labels },
        annotations: {
          summary: `${group} has {{ $value | humanize }} dead letters of the ${deadLetterQuota} it may have`,
          description: 'When they are used up its consumers hold. Find out why entries are set aside, and make room.',
        },
      },
    ];
  }
}

function selectorOf({ stream, group }: Team): string {
  return `{stream=${JSON.stringify(stream)},group=${JSON.stringify(group)}}`;
}
