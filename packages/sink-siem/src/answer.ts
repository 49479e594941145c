import type { SinkHoldError, SinkUnavailableError } from '@distributary/core';

/** What the collector sent back to one request. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfterMs: number | undefined;
  readonly text: string;
}

/** What an answer says about the events of its request. */
export type Judgement =
  /** The collector has them; with an `ackId`, it promises to say later whether it stored them. */
  | { readonly outcome: 'accepted'; readonly ackId?: number }
  /** The request is larger than the collector takes. */
  | { readonly outcome: 'tooLarge' }
  /** At least one event is at fault, perhaps `eventNumber` (whether counted from 0 or from 1 is not known). */
  | { readonly outcome: 'refused'; readonly reason: string; readonly eventNumber: number | undefined }
  /** A passing state took some of the events and not the rest; `eventNumber` is where it stopped. */
  | { readonly outcome: 'interrupted'; readonly error: SinkUnavailableError; readonly eventNumber: number }
  /** It is about the collector, not about the events. */
  | { readonly outcome: 'trouble'; readonly error: SinkUnavailableError | SinkHoldError };
