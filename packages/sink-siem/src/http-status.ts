import { excerpt, SinkHoldError, SinkUnavailableError } from '@distributary/core';
import type { Answer, Judgement } from './answer.ts';

/** Statuses that pass by themselves. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * The judgement by HTTP status alone, for an answer that nothing else explains. It is never `accepted`: what is not
 * known to be a confirmation means "again" or "hold".
 */
export function judgeStatus(answer: Answer): Judgement {
  const { status } = answer;
  if (status === 413) return { outcome: 'tooLarge' };
  if (PASSING.has(status) || status >= 500) return again(answer, 'The batch is sent again.');
  if (status >= 200 && status < 300) return judgeUnprovenSuccess(answer);
  return hold(answer, remedyFor(status));
}

export function again(answer: Answer, next: string): { outcome: 'trouble'; error: SinkUnavailableError } {
  const { retryAfterMs } = answer;
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { outcome: 'trouble', error: new SinkUnavailableError(`${answered(answer)}. ${next}`, options) };
}

export function hold(answer: Answer, remedy: string): Judgement {
  return { outcome: 'trouble', error: new SinkHoldError(`${answered(answer)}.`, remedy) };
}

export function answered(answer: Answer): string {
  return `The collector answered ${answer.status} with ${excerpt(answer.text)}`;
}

/** Whether the body is a page for people, as proxies and login screens send it. */
export function isPage(answer: Answer): boolean {
  return answer.contentType.includes('html') || answer.text.trimStart().startsWith('<');
}

function judgeUnprovenSuccess(answer: Answer): Judgement {
  if (isPage(answer))
    return hold(answer, 'Check that SIEM_URL leads to the collector and not to a proxy or a login page.');
  return again(answer, 'That confirms nothing, so the batch is sent again.');
}

function remedyFor(status: number): string {
  if (status === 401 || status === 403) return 'Check SIEM_TOKEN, and what it is allowed to do.';
  if (status >= 300 && status < 400) return 'Redirects are never followed: set SIEM_URL to the final address.';
  if (status === 404 || status === 405)
    return "Set SIEM_URL to the collector's base address, without a path of its own.";
  if (status === 406 || status === 415) return 'Check the format of the sink, and whether the collector takes gzip.';
  return 'Check SIEM_URL and the configuration of the collector.';
}
