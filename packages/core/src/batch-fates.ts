import type { Batch, EntryId } from './entry.ts';
import { OversizeError, PayloadError, SinkHoldError, SinkUnavailableError } from './errors.ts';
import type { RefusalGuard } from './refusal-guard.ts';
import { type DeliveryResult, delivered, deliveredBefore, rejected, retry } from './sink.ts';

/**
 * What became of an entry at its destination: stored, recognised as stored before, refused for good, or, with any other
 * error, not this time.
 */
export type Fate = 'delivered' | 'duplicate' | Error;

/** What a sink knows of a batch once it has asked. */
export interface BatchFates {
  /** Why entries have no place in any request, by their position in the batch: the mapping threw. */
  readonly unmapped: ReadonlyMap<number, Error>;
  /** Of all others, in order; an entry without a fate met the trouble. */
  readonly fates: readonly (Fate | undefined)[];
  readonly trouble: Error | undefined;
  /** The reason to hold, when so many of the batch were refused that the fault is not theirs. */
  readonly tooManyRefused: (refused: number) => SinkHoldError | undefined;
}

/** Whether the destination will never take the entry. */
export function isRefusal(fate: Fate | undefined): fate is PayloadError | OversizeError {
  return fate instanceof PayloadError || fate instanceof OversizeError;
}

/**
 * The results of a batch for a sink over HTTP. What is known of some entries stands, even when the others met trouble;
 * without any, the trouble is the batch's.
 * @throws the trouble, when no entry has a final fate
 */
export function resultsOf(
  batch: Batch<unknown>,
  { unmapped, fates, trouble, tooManyRefused }: BatchFates,
  guard: RefusalGuard,
): DeliveryResult[] {
  const refused = unmapped.size + fates.filter(isRefusal).length;
  const held = tooManyRefused(refused);
  const reason = held ?? trouble ?? fates.find((fate) => fate instanceof SinkHoldError);
  let position = 0;
  let settled = 0;
  const results = batch.map(({ id }, i): DeliveryResult => {
    const mapped = unmapped.get(i);
    const fate = mapped ?? fates[position++] ?? reason;
    if (fate === undefined) throw new Error(`Entry ${id} has no fate although nothing went wrong.`);
    if (typeof fate === 'string') {
      settled++;
      return fate === 'delivered' ? delivered(id) : deliveredBefore(id);
    }
    if (held || !(mapped || isRefusal(fate))) return again(id, held ?? fate);
    settled++;
    return rejected(id, fate);
  });
  if (held) guard.close();
  else if (settled > 0) guard.record(settled, refused);
  if (reason && settled === 0) throw reason;
  return results;
}

function again(id: EntryId, reason: Error): DeliveryResult {
  return retry(id, reason, reason instanceof SinkUnavailableError ? reason.retryAfterMs : undefined);
}
