/** Every code that an error of the shipper can carry. */
export type ShipperErrorCode = 'OPTIONS' | 'PIPE' | 'INPUT' | 'WAL' | 'WAL_LOCKED' | 'REDIS';

/** What the shipper throws or reports; `message` says to which pipe, stream or folder, and ends with what to do next. */
export class ShipperError extends Error {
  readonly code: ShipperErrorCode;

  constructor(code: ShipperErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ShipperError';
    this.code = code;
  }
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
