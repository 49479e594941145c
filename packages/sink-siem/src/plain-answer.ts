import type { Answer, Judgement } from './answer.ts';
import { parseObject } from './hec-answer.ts';
import { again, answered, isPage, judgeStatus } from './http-status.ts';

/** Statuses by which a collector without a protocol of its own says that it took everything. */
const TAKEN: ReadonlySet<number> = new Set([200, 201, 202, 204]);

/** Statuses by which it refuses what a request holds. */
const REFUSED: ReadonlySet<number> = new Set([400, 422]);

/**
 * Judges the answer of an NDJSON or JSON collector by its status. A body is not required, but one that reports a
 * failure, is cut short or is a page for people confirms nothing.
 */
export function judgePlainAnswer(answer: Answer): Judgement {
  if (REFUSED.has(answer.status)) return { outcome: 'refused', reason: answered(answer), eventNumber: undefined };
  if (!TAKEN.has(answer.status) || isPage(answer)) return judgeStatus(answer);
  if (!reportsFailure(answer.text)) return { outcome: 'accepted' };
  return again(answer, 'That confirms nothing, so the batch is sent again.');
}

function reportsFailure(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false;
  const reply = parseObject(text);
  if (reply === undefined) return true;
  const { code = 0, error, errors, ok = true, success = true } = reply;
  return code !== 0 || Boolean(error) || Boolean(errors) || ok === false || success === false;
}
