import { hostname } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { ShipperError } from './errors.ts';
import { FACILITIES, type FacilityName } from './facility.ts';
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
  /**
   * How much of what Redis has confirmed is kept at least, whole segments of it, to be sent again when Redis loses it. It
   * goes first when the log is full. Default 16 MiB, or a quarter of `maxBytes` where that is less; 0: nothing.
   */
  readonly keepShippedBytes?: number;
}

/** The options with every default filled in. */
export interface ShipperSettings {
  readonly redis: RedisCommands;
  readonly stream: string;
  readonly input: PipeInput | StandardInput;
  readonly wal: Required<WalOptions> | false;
  readonly name: string;
  readonly routes: ReadonlyMap<FacilityName, string>;
  readonly maxLineBytes: number;
  readonly maxLines: number;
  readonly maxBytes: number;
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const MIN_WAL_BYTES = 1024 * 1024;
const DEFAULTS = {
  maxLineBytes: 65_536,
  maxLines: 2_000,
  maxBytes: 512 * 1024,
  walBytes: 1024 * 1024 * 1024,
  keepShippedBytes: 16 * 1024 * 1024,
};
/** One line and its neighbours must fit into one argument of a command, which Redis takes up to 512 MB of. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024;

/** @throws ShipperError `OPTIONS` that names what is wrong */
export function settingsFrom(options: ShipperOptions): ShipperSettings {
  const { redis, stream, input, wal, batch = {} } = options;
  const name = options.name ?? defaultName();
  const routes = options.routes ?? new Map();
  if (typeof redis?.call !== 'function') refuse('redis has no call method: give it a connection');
  if (typeof stream !== 'string' || stream === '') refuse('stream is empty');
  if (!NAME.test(name)) {
    refuse(`name is ${JSON.stringify(name)}: use 1 to 64 letters, digits, dots, underscores and hyphens`);
  }
  for (const [facility, target] of routes) checkRoute(facility, target);
  if (input?.kind !== 'fifo' && input?.kind !== 'stdin') refuse("input.kind must be 'fifo' or 'stdin'");
  if (input.kind === 'fifo' && !input.path) refuse('input.path is empty: name the pipe');
  if (wal && !wal.folder) refuse('wal.folder is empty: name a folder, or set wal to false');
  return {
    redis,
    stream,
    input,
    name,
    routes,
    wal: wal && walSettingsFrom(wal),
    maxLineBytes: integer('maxLineBytes', options.maxLineBytes ?? DEFAULTS.maxLineBytes, 1, MAX_BATCH_BYTES),
    maxLines: integer('batch.maxLines', batch.maxLines ?? DEFAULTS.maxLines, 1, 100_000),
    maxBytes: integer('batch.maxBytes', batch.maxBytes ?? DEFAULTS.maxBytes, 1_024, MAX_BATCH_BYTES),
  };
}

function walSettingsFrom({ folder, ...wal }: WalOptions): Required<WalOptions> {
  const maxBytes = integer('wal.maxBytes', wal.maxBytes ?? DEFAULTS.walBytes, MIN_WAL_BYTES, Number.MAX_SAFE_INTEGER);
  const keepShippedBytes = wal.keepShippedBytes ?? Math.min(DEFAULTS.keepShippedBytes, Math.floor(maxBytes / 4));
  return { folder, maxBytes, keepShippedBytes: integer('wal.keepShippedBytes', keepShippedBytes, 0, maxBytes) };
}

function checkRoute(facility: string, stream: unknown): void {
  if (!(FACILITIES as readonly string[]).includes(facility)) {
    refuse(`routes names the facility ${JSON.stringify(facility)}: use ${FACILITIES.join(', ')}`);
  }
  if (typeof stream !== 'string' || stream === '') refuse(`the route of ${facility} names no stream`);
}

function integer(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  return refuse(`${name} is ${value}: use a whole number from ${min} to ${max}`);
}

function defaultName(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9_.-]/g, '-')
      .slice(0, 64) || 'shipper'
  );
}

function refuse(complaint: string): never {
  throw new ShipperError('OPTIONS', `Options of the shipper: ${complaint}.`);
}
