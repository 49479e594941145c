import type { OversizeError, PayloadError, SinkHoldError, SinkUnavailableError } from '@distributary/core';

/** What the server sent back to one request. */
export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly body: Buffer;
}

/** What an answer says about one document: stored now, stored before, not this time, not ever, or nobody's until someone acts. */
export type ItemVerdict =
  | 'delivered'
  | 'duplicate'
  | SinkUnavailableError
  | PayloadError
  | OversizeError
  | SinkHoldError;

/** What an answer says about the documents of its request. */
export type Judgement =
  /** The server has them all. */
  | { readonly outcome: 'stored' }
  /** By position; `diverted` of those that were delivered are in the failure store. */
  | { readonly outcome: 'mixed'; readonly verdicts: readonly ItemVerdict[]; readonly diverted: number }
  /** The request is larger than the server takes. */
  | { readonly outcome: 'tooLarge' }
  /** The whole request is refused, perhaps for the sake of one document. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** It is about the server, not about the documents. */
  | { readonly outcome: 'trouble'; readonly error: SinkUnavailableError | SinkHoldError };
