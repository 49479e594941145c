import type { AuditLine, JobView } from '@distributary/replay';
import { count, table } from './format.ts';
import { timeOf } from './time-of.ts';

/** How a job stands, in a sentence. */
export function jobSentence({ kind, id, state, progress, reason }: JobView): string {
  const { delivered, failed } = progress;
  const numbers = `${count(delivered)} delivered, ${count(failed)} ${FAILED[kind]}`;
  return `${kind} ${id} ${state}: ${numbers}${state === 'failed' && reason ? `. ${reason}` : ''}`;
}

const FAILED = { redrive: 'failed again', replay: 'set aside', backfill: 'set aside' } as const;

/** The newest of a group; all that are kept are in the JSON. */
const AUDIT_SHOWN = 20;

const HEADER = ['group', 'job', 'kind', 'state', 'delivered', 'failed', 'of', 'rate', 'asked at', 'by', 'about'];

/** The jobs of a group, with what was done to it by hand. */
export interface GroupJobs {
  readonly group: string;
  readonly jobs: readonly JobView[];
  readonly audit: readonly AuditLine[];
}

export function jobTable(groups: readonly GroupJobs[]): string {
  const rows = groups.flatMap(({ group, jobs }) => jobs.map((job) => rowOf(group, job)));
  const lines = groups.flatMap(({ group, audit }) =>
    audit
      .slice(-AUDIT_SHOWN)
      .map(({ at, action, by, details }) => `${at} ${group} ${action} by ${by}: ${JSON.stringify(details)}\n`),
  );
  const jobs = rows.length > 0 ? `${table(HEADER, rows)}\n` : 'no jobs\n';
  return lines.length > 0 ? `${jobs}\nby hand:\n${lines.join('')}` : jobs;
}

function rowOf(group: string, job: JobView): string[] {
  const { id, kind, state, progress, request, askedAt } = job;
  const { delivered, failed } = progress;
  const numbers = [delivered, failed, request.total].map(count);
  return [group, id, kind, state, ...numbers, `${count(request.rate)}/s`, askedAt, request.by, about(job)];
}

function about({ request, reason, state, progress }: JobView): string {
  if (state === 'failed' && reason) return reason.split('\n')[0] ?? '';
  if (progress.waitsFor !== undefined && state === 'running') return progress.waitsFor;
  if (request.cancelledBy !== undefined) return `cancelled by ${request.cancelledBy}`;
  if (request.kind === 'replay') {
    return `idle for ${request.idleMs} ms${request.consumer === undefined ? '' : ` with ${request.consumer}`}`;
  }
  const changed = request.kind === 'backfill' ? Object.entries(request.overrides) : [];
  return [`${timeOf(request.from)} to ${timeOf(request.until)}`, ...changed.map((pair) => pair.join('='))].join(' ');
}
