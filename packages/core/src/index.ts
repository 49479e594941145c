export { Backoff, type BackoffRange } from './backoff.ts';
export { type BaseUrlSubject, parseBaseUrl } from './base-url.ts';
export { type BatchFates, type Fate, isRefusal, resultsOf } from './batch-fates.ts';
export type { Checkpoint, EntrySpan, Gap, Recreation } from './checkpoint.ts';
export type { RecreationRecord } from './checkpoint-key.ts';
export { type Clock, systemClock } from './clock.ts';
export {
  CONTRACT_VARIABLE,
  type ConsumerEnvironment,
  consumerFromEnvironment,
  hostConsumerName,
  MASK_KEY_VARIABLE,
} from './consumer-environment.ts';
export type { GroupIdentity } from './consumer-group.ts';
export {
  checkDeadLetterQuota,
  type DeadLetterEnvelope,
  type DeadLetterOrigin,
  deadLetterFields,
  readDeadLetter,
  type StoredDeadLetter,
} from './dead-letters.ts';
export { type Batch, compareEntryIds, type Decode, type DecodedEntry, Entry, type EntryId } from './entry.ts';
export {
  asError,
  CrashedError,
  DeadLetterQuotaError,
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
export { excerpt } from './excerpt.ts';
export { FAILPOINTS, type Failpoint } from './failpoint.ts';
export type { DeadLetter, DeadLetterVerdict } from './group.ts';
export { type ConsumerStatus, type GroupStatus, groupStatus } from './group-status.ts';
export { EVENT_ID_FIELD, eventId, eventIdentity, eventIdentityJson } from './identity.ts';
export { type JsonLine, jsonLine, jsonText } from './json-line.ts';
export { checkName, groupKey, streamKey } from './keys.ts';
export { LINE_FIELD, lineOf, originJson } from './line.ts';
export type { MaskedKind, MaskRule } from './mask-rule.ts';
export { Masks } from './masks.ts';
export { parseOptions } from './options.ts';
export { type RedisArgument, RedisConnection } from './redis-connection.ts';
export {
  clientOptions,
  DEFAULT_REDIS_URL,
  describeRedis,
  type RedisOptions,
  redisFromEnvironment,
} from './redis-options.ts';
export { explainReply } from './redis-reply.ts';
export { REFUSAL_LIMIT_SCHEMA, RefusalGuard, type RefusalLimit } from './refusal-guard.ts';
export { RequestBody } from './request-body.ts';
export { RequestCeiling } from './request-ceiling.ts';
export { RequestDeadline } from './request-deadline.ts';
export {
  type ForgottenConsumer,
  Janitor,
  type JanitorOptions,
  type PassOptions,
  type RetentionPass,
} from './retention.ts';
export { type ShedAccount, shedAccount } from './retention-account.ts';
export { type DeclaredGroup, parseRetention, type RetentionPolicy, type ShedBounds } from './retention-policy.ts';
export type { ShedRange } from './retention-script.ts';
export { retryAfterMs } from './retry-after.ts';
export { Secret, secretFrom } from './secret.ts';
export { probeServer, type ServerCapabilities, type ServerProbe, serverCapabilities } from './server-probe.ts';
export { settingsFromEnvironment } from './settings.ts';
export { type Settlement, settle, type Verdict } from './settlement.ts';
export type { Fates, SideDelivery } from './side-delivery.ts';
export {
  type Delivered,
  type DeliveryResult,
  delivered,
  deliveredBefore,
  type Rejected,
  type Retry,
  rejected,
  retry,
  type Sink,
} from './sink.ts';
export type { SinkAudit } from './sink-audit.ts';
export { StreamConsumer } from './stream-consumer.ts';
export type { ConsumerState, Report, Settled, StreamConsumerEvents } from './stream-consumer-events.ts';
export type { StreamConsumerOptions, Tuning, TuningOptions } from './stream-consumer-options.ts';
export { type EntryRange, StreamHistory } from './stream-history.ts';
export { parseTeamContract, type SinkKind, type TeamContract } from './team-contract.ts';
export { watchEventLoop } from './watchdog.ts';
