import type { Readable, Writable } from 'node:stream';
import type { FacilityName } from './facility.ts';
import type { RedisCommands } from './redis-commands.ts';

export interface ShipperOptions {
  /** Used from `start` on and not closed by the shipper. */
  readonly redis: RedisCommands;
  /** Where lines go that no route names. */
  readonly stream: string;
  readonly input: PipeInput | StandardInput;
  /** `false`: lines wait in memory only. */
  readonly wal: WalOptions | false;
  /** The first part of every `eid`: 1 to 64 letters, digits, dots, underscores and hyphens. Default: the host's name. */
  readonly name?: string;
  /** Streams by the facility that the `<PRI>` at the start of a line names. */
  readonly routes?: ReadonlyMap<FacilityName, string>;
  /** Longer lines are cut to this many bytes, and counted. Default 65,536. */
  readonly maxLineBytes?: number;
  /** How much one call to Redis carries at most. Default 2,000 lines and 512 KiB. */
  readonly batch?: { readonly maxLines?: number; readonly maxBytes?: number };
}

/** A named pipe, created where it does not exist. */
export interface PipeInput {
  readonly kind: 'fifo';
  readonly path: string;
  /** Permissions of a pipe that is created. Default 0o660: rsyslog opens it for reading and writing. */
  readonly mode?: number;
}

/** Standard input, or any other stream of bytes; its end ends the shipper. */
export interface StandardInput {
  readonly kind: 'stdin';
  /** Default `process.stdin`. */
  readonly input?: Readable;
  /**
   * What the program at the other end is told: nothing; rsyslog's omprog with `confirmMessages="on"`; or the same with
   * `useTransactions="on"`. Default `'nothing'`.
   */
  readonly confirm?: Confirm;
  /** Where confirmations go. Default `process.stdout`. */
  readonly output?: Writable;
}

export type Confirm = 'nothing' | 'messages' | 'transactions';

export interface WalOptions {
  /** Belongs to one shipper alone; created where it does not exist. */
  readonly folder: string;
  /** When the log holds this much, the input is not read until Redis has taken some of it. Default 1 GiB. */
  readonly maxBytes?: number;
}
