import { PayloadError, SinkHoldError, SinkUnavailableError } from '@distributary/core';
import type { ItemVerdict } from './answer.ts';

/** An element of the answer's `items`, below `create`. */
export interface BulkItem {
  readonly status: number;
  readonly error?: ErrorCause;
  readonly failure_store?: string;
}

export interface ErrorCause {
  readonly type: string;
  readonly reason?: string;
  readonly caused_by?: ErrorCause;
}

/** Blocks and shards come back; 403 is their status on older servers. */
const PASSING = /^(?:cluster_block_exception|unavailable_shards_exception|no_shard_available_action_exception)$/;

/** What one item of the answer says about its document. */
export function judgeItem({ status, error }: BulkItem): ItemVerdict {
  if (status === 200 || status === 201) return error ? again(status, error) : 'delivered';
  if (status === 409 && error?.type === 'version_conflict_engine_exception') return 'duplicate';
  if (status === 429 || status >= 500 || PASSING.test(error?.type ?? '')) return again(status, error);
  if (status === 401 || status === 403) {
    return hold(status, error, 'Grant its user what the README of the sink lists, on the indices of `index`.');
  }
  if (status === 404) return hold(status, error, 'Create the index, or let indices be created by themselves.');
  if (
    status === 400 &&
    /only write ops with an op_type of create|require_alias|not a data stream/.test(reasonOf(error))
  ) {
    return hold(status, error, 'Check the option `index`, and what its name stands for on the server.');
  }
  if (status === 400 || status === 413) {
    return new PayloadError(`Elasticsearch refused the document with ${described(status, error)}. Mend the mapping.`);
  }
  return again(status, error);
}

function again(status: number, error: ErrorCause | undefined): SinkUnavailableError {
  return new SinkUnavailableError(
    `Elasticsearch answered for the document with ${described(status, error)}. It is sent again.`,
  );
}

function hold(status: number, error: ErrorCause | undefined, remedy: string): SinkHoldError {
  return new SinkHoldError(`Elasticsearch answered for the document with ${described(status, error)}.`, remedy);
}

function described(status: number, error: ErrorCause | undefined): string {
  return error ? `${status} ${error.type}: ${reasonOf(error)}` : String(status);
}

const MAX_REASON_LENGTH = 500;

/** The innermost reason names the field at fault. */
function reasonOf(error: ErrorCause | undefined): string {
  const reasons = [error?.reason, error?.caused_by?.reason].filter((reason) => typeof reason === 'string');
  return reasons.join(' – ').slice(0, MAX_REASON_LENGTH);
}
