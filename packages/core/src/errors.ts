/** Every code that an error of Distributary can carry. */
export type ErrorCode =
  | 'OPTIONS'
  | 'SECRET'
  | 'REDIS_UNAVAILABLE'
  | 'REDIS_UNSUITABLE'
  | 'GROUP_VANISHED'
  | 'CHECKPOINT'
  | 'SINK_UNAVAILABLE'
  | 'SINK_HOLD'
  | 'SINK_CONTRACT'
  | 'PAYLOAD'
  | 'OVERSIZE'
  | 'CRASHED'
  | 'DEAD_LETTER_QUOTA';

/** The base of every error that Distributary throws or reports; `message` ends with what to do next. */
export class DistributaryError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An option, an environment variable or a combination of them is wrong; the message names it. */
export class OptionsError extends DistributaryError {
  constructor(message: string, options?: ErrorOptions) {
    super('OPTIONS', message, options);
  }
}

/** Redis did not answer, refused, or lost the connection. The command may or may not have run. */
export class RedisUnavailableError extends DistributaryError {
  constructor(message: string, options?: ErrorOptions) {
    super('REDIS_UNAVAILABLE', message, options);
  }
}

/** This Redis must not be used as it is configured; the message holds the remedy. */
export class RedisUnsuitableError extends DistributaryError {
  constructor(message: string, options?: ErrorOptions) {
    super('REDIS_UNSUITABLE', message, options);
  }
}

/** The stream or its group is gone: deleted, flushed, or lost in a failover. */
export class GroupVanishedError extends DistributaryError {
  constructor(message: string, options?: ErrorOptions) {
    super('GROUP_VANISHED', message, options);
  }
}

/** A sink throws this when its destination as a whole cannot take entries now; the batch is delivered again. */
export class SinkUnavailableError extends DistributaryError {
  /** What the destination asked for (`Retry-After`), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly retryAfterMs?: number }) {
    super('SINK_UNAVAILABLE', message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/**
 * A sink throws this when its destination refuses everything until somebody acts: credentials, a missing index, a
 * mapping that fits nothing. Nothing is acknowledged, nothing is dead-lettered, one batch at a time keeps probing.
 */
export class SinkHoldError extends DistributaryError {
  /** What the operator has to do, as one sentence in the imperative. */
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super('SINK_HOLD', `${message} ${remedy}`, options);
    this.remedy = remedy;
  }
}

/** A sink's results do not answer for each entry of the batch exactly once: its consumer stops. */
export class SinkContractError extends DistributaryError {
  constructor(message: string, options?: ErrorOptions) {
    super('SINK_CONTRACT', message, options);
  }
}

/** An entry cannot be turned into the team's payload; it becomes a dead letter. */
export class PayloadError extends DistributaryError {
  constructor(message: string, options?: ErrorOptions) {
    super('PAYLOAD', message, options);
  }
}

/** An entry is larger than the consumer or its destination takes; it becomes a dead letter. */
export class OversizeError extends DistributaryError {
  constructor(message: string, options?: ErrorOptions) {
    super('OVERSIZE', message, options);
  }
}

/** An entry ended the process each time it was delivered alone; it becomes a dead letter. */
export class CrashedError extends DistributaryError {
  constructor(message: string, options?: ErrorOptions) {
    super('CRASHED', message, options);
  }
}

/** The group has as many dead letters as it may have; those that are due wait until there is room. */
export class DeadLetterQuotaError extends DistributaryError {
  /** What the operator has to do, as one sentence in the imperative. */
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super('DEAD_LETTER_QUOTA', `${message} ${remedy}`);
    this.remedy = remedy;
  }
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
