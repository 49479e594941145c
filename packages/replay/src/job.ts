import type { EntryId, parseOptions } from '@distributary/core';
import { parseOptions as parse } from '@distributary/core';
import { forbiddenOverride } from './sink-override.ts';

/** What every job carries: a few names, IDs and numbers, and never an entry. */
interface Asked {
  /** Who asked for it, as `user@host`. */
  readonly by: string;
  /** Entries per second at the most. */
  readonly rate: number;
  /** How many entries it was about when it was asked for. */
  readonly total: number;
  /** Who does not want it any more. */
  readonly cancelledBy?: string;
}

/** Dead letters through the team's sink again. */
export interface RedriveRequest extends Asked {
  readonly kind: 'redrive';
  /** The first and the last dead letter, by their own IDs; what fails again is stored behind the last. */
  readonly from: EntryId;
  readonly until: EntryId;
  /** Only these, by their own IDs. */
  readonly ids?: readonly EntryId[];
  /** Only those whose reason holds this text. */
  readonly reason?: string;
  readonly verdict?: string;
  /** Also those that were redriven before, and failed. */
  readonly again: boolean;
}

/** Pending entries again, now. */
export interface ReplayRequest extends Asked {
  readonly kind: 'replay';
  /** Only those that nobody has touched for so long. */
  readonly idleMs: number;
  /** Only what this consumer holds. */
  readonly consumer?: string;
}

/** A range of history into a sink. */
export interface BackfillRequest extends Asked {
  readonly kind: 'backfill';
  readonly from: EntryId;
  readonly until: EntryId;
  /** Variables of the environment that differ for the sink of this job. */
  readonly overrides: Readonly<Record<string, string>>;
}

export type JobRequest = RedriveRequest | ReplayRequest | BackfillRequest;
export type JobKind = JobRequest['kind'];

/** How far a job is; a job that is taken over by another process goes on from here. */
export interface JobProgress {
  /** The last ID that is finished. */
  readonly after?: EntryId;
  readonly delivered: number;
  /** Set aside, or still set aside. */
  readonly failed: number;
  /** Why nothing moves, while the destination takes nothing. */
  readonly waitsFor?: string;
}

export const NO_PROGRESS: JobProgress = { delivered: 0, failed: 0 };

/** What a job returns. */
export interface JobOutcome {
  readonly outcome: 'done' | 'cancelled';
}

type Schema<Options> = Parameters<typeof parseOptions<Options>>[0];

const id = { type: 'string', pattern: '^\\d{1,20}-\\d{1,20}$' } as const;
const text = { type: 'string', nullable: true } as const;
const asked = {
  by: { type: 'string' },
  rate: { type: 'integer', minimum: 1 },
  total: { type: 'integer', minimum: 0 },
  cancelledBy: text,
} as const;

const redrive = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'by', 'rate', 'total', 'from', 'until', 'again'],
  properties: {
    ...asked,
    kind: { type: 'string', const: 'redrive' },
    from: id,
    until: id,
    ids: { type: 'array', items: id, nullable: true },
    reason: text,
    verdict: text,
    again: { type: 'boolean' },
  },
} as unknown as Schema<RedriveRequest>;

const replay = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'by', 'rate', 'total', 'idleMs'],
  properties: {
    ...asked,
    kind: { type: 'string', const: 'replay' },
    idleMs: { type: 'integer', minimum: 0 },
    consumer: text,
  },
} as unknown as Schema<ReplayRequest>;

const backfill = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'by', 'rate', 'total', 'from', 'until', 'overrides'],
  properties: {
    ...asked,
    kind: { type: 'string', const: 'backfill' },
    from: id,
    until: id,
    overrides: { type: 'object', required: [], additionalProperties: { type: 'string' } },
  },
} as unknown as Schema<BackfillRequest>;

/**
 * What a process is asked to do, checked: whoever may write to Redis may have asked.
 * @throws OptionsError
 */
export function parseRequest(kind: string, data: object): JobRequest {
  const given = { ...data, kind };
  const subject = `the job ${kind}`;
  if (kind === 'redrive') return parse(redrive, given, subject);
  if (kind === 'replay') return parse(replay, given, subject);
  const request = parse(backfill, given, subject);
  for (const name of Object.keys(request.overrides)) {
    const refusal = forbiddenOverride(name);
    if (refusal) throw refusal;
  }
  return request;
}
