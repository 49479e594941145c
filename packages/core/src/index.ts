export { Backoff, type BackoffRange } from './backoff.ts';
export { type Clock, systemClock } from './clock.ts';
export { type Batch, compareEntryIds, type Decode, type DecodedEntry, Entry, type EntryId } from './entry.ts';
export {
  asError,
  CrashedError,
  DistributaryError,
  type ErrorCode,
  GroupVanishedError,
  OptionsError,
  OversizeError,
  PayloadError,
  RedisUnavailableError,
  RedisUnsuitableError,
  SinkContractError,
  SinkHoldError,
  SinkUnavailableError,
} from './errors.ts';
export { EVENT_ID_FIELD, eventId, eventIdentity } from './identity.ts';
export { parseOptions } from './options.ts';
export { Secret, secretFrom } from './secret.ts';
export { type Settlement, settle, type Verdict } from './settlement.ts';
export {
  type Delivered,
  type DeliveryResult,
  delivered,
  type Rejected,
  type Retry,
  rejected,
  retry,
  type Sink,
} from './sink.ts';
