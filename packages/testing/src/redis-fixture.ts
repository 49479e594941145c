import type { RedisKind } from './redis-capability.ts';

/** A Redis to test against; disposing of it ends what was started for it, and leaves a given Redis as it is. */
export interface RedisFixture extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly kind: RedisKind;
  /** Which Redis it is and why, for people. */
  readonly describe: string;
  /** Ends the server with SIGKILL. @throws Error unless `kind` is `process`; so do the next three */
  kill(): Promise<void>;
  /** Starts the server again, on the same port and data. */
  restart(): Promise<void>;
  /** Stops the server with SIGSTOP: it is there and does not answer. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}
