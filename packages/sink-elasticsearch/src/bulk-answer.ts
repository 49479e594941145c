import { excerpt, SinkHoldError, SinkUnavailableError } from '@distributary/core';
import type { Answer, ItemVerdict, Judgement } from './answer.ts';
import { type BulkItem, type ErrorCause, judgeItem } from './bulk-item.ts';

const ALL_STORED_START = '{"errors":false,"items":[';
const STORED_ITEM = '{"create":{"status":201}}';

/** The body of the answer that means "all of them are created", remembered for the last number of documents. */
let allStored: { readonly count: number; readonly body: Buffer } = { count: 0, body: Buffer.alloc(0) };

/** Judges the answer to a bulk request of so many `create`s. What is not known to be a confirmation is none. */
export function judgeBulk(answer: Answer, count: number): Judgement {
  if (answer.status !== 200) return judgeStatus(answer);
  if (allStored.count !== count) allStored = { count, body: allStoredBody(count) };
  return allStored.body.equals(answer.body) ? { outcome: 'stored' } : judgeItems(answer, count);
}

function allStoredBody(count: number): Buffer {
  return Buffer.from(`${ALL_STORED_START}${`${STORED_ITEM},`.repeat(count).slice(0, -1)}]}`);
}

function judgeItems(answer: Answer, count: number): Judgement {
  const items = (parsed(answer.body) as { items?: unknown } | undefined)?.items;
  if (!Array.isArray(items)) return again(answer, 'That is no answer to a bulk request, so the batch is sent again.');
  if (items.length !== count) {
    return again(answer, `It answers for ${items.length} of ${count} documents, so the batch is sent again.`);
  }
  let diverted = 0;
  const verdicts: ItemVerdict[] = [];
  for (const item of items as readonly ({ create?: BulkItem } | null)[]) {
    const created = item?.create;
    if (typeof created?.status !== 'number')
      return again(answer, 'An item in it is no create: the batch is sent again.');
    const verdict = judgeItem(created);
    if (verdict === 'delivered' && created.failure_store === 'used') diverted++;
    verdicts.push(verdict);
  }
  return { outcome: 'mixed', verdicts, diverted };
}

/** The judgement on a whole request, or on another one such as that for a template. */
export function judgeStatus(answer: Answer): Judgement {
  const { status } = answer;
  const type = errorOf(answer)?.type;
  if (status === 413) return { outcome: 'tooLarge' };
  if (status === 408 || status === 429 || status >= 500 || type === 'cluster_block_exception') {
    return again(answer, 'The batch is sent again.');
  }
  if (status === 400 && type !== undefined && type !== 'media_type_header_exception') {
    return { outcome: 'refused', reason: said(answer) };
  }
  if (status >= 200 && status < 300) return again(answer, 'That confirms nothing, so the batch is sent again.');
  return { outcome: 'trouble', error: new SinkHoldError(`${said(answer)}.`, remedyFor(status)) };
}

function again(answer: Answer, next: string): Judgement {
  const { retryAfterMs } = answer;
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { outcome: 'trouble', error: new SinkUnavailableError(`${said(answer)}. ${next}`, options) };
}

function said(answer: Answer): string {
  const error = errorOf(answer);
  const what = error ? `${error.type}: ${error.reason}` : excerpt(answer.body.toString('utf8', 0, 1_000));
  return `Elasticsearch answered ${answer.status} with ${what}`;
}

function errorOf({ body }: Answer): ErrorCause | undefined {
  const error = (parsed(body) as { error?: ErrorCause } | undefined)?.error;
  return typeof error?.type === 'string' ? error : undefined;
}

function parsed(body: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function remedyFor(status: number): string {
  if (status === 401) return 'Check ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD.';
  if (status === 403) return 'Grant its user what the README of the sink lists, on the indices of `index`.';
  if (status >= 300 && status < 400) {
    return 'Redirects are never followed: set ELASTICSEARCH_URL to the final address.';
  }
  if (status === 404 || status === 405)
    return 'Set ELASTICSEARCH_URL to the base address, and check that the index exists.';
  return 'Check ELASTICSEARCH_URL, and that the server is Elasticsearch 8 or 9.';
}
