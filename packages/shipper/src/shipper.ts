import { EventEmitter } from 'node:events';
import type { ShipperCounts } from './shipper-counts.ts';
import type { ShipperEvents, ShipperState } from './shipper-events.ts';
import type { ShipperOptions } from './shipper-options.ts';

/** Brings lines from a named pipe or standard input into Redis Streams, through a write-ahead log. */
export class Shipper extends EventEmitter<ShipperEvents> {
  readonly counts: ShipperCounts;
  #state: ShipperState = 'idle';

  /** @throws ShipperError `OPTIONS`; no I/O happens before `start` */
  constructor(_options: ShipperOptions) {
    super();
    this.counts = {} as ShipperCounts;
  }

  get state(): ShipperState {
    return this.#state;
  }

  /** Settles when the shipper has stopped, also after the end of standard input; rejects if it had to give up. */
  get finished(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves when the input is being read. @throws ShipperError when the pipe or the log cannot be opened */
  async start(): Promise<void> {}

  /** Reads no more, gives Redis what waits for at most `timeoutMs` (default 10,000), and closes everything it opened. */
  async stop(_options: { readonly timeoutMs?: number } = {}): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
