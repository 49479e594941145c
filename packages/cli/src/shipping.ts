import { setTimeout as sleep } from 'node:timers/promises';
import { RedisConnection, redisFromEnvironment } from '@distributary/core';
import {
  type Confirm,
  type FacilityName,
  type PipeInput,
  Shipper,
  ShipperError,
  type WalOptions,
} from '@distributary/shipper';
import type { Logger } from 'pino';
import { logShipper } from './shipper-log.ts';

/** What to ship, as plain data. */
export interface Shipping {
  readonly input: PipeInput | { readonly kind: 'stdin'; readonly confirm: Confirm };
  readonly stream: string;
  readonly routes: readonly (readonly [facility: FacilityName, stream: string])[];
  readonly wal: WalOptions | false;
  readonly maxLineBytes: number;
  readonly name?: string;
  /** How long to bring what waits to Redis when it is to end. */
  readonly drainMs: number;
}

/** How long a predecessor may take to end that still has the write-ahead log. */
const UNLOCKED_WITHIN_MS = 30_000;
const LOOKS_EVERY_MS = 100;

/**
 * Ships until the signal aborts, or standard input ends.
 * @param started called when the input is being read
 * @throws ShipperError when the pipe or the log cannot be opened, or fails later
 */
export async function ship(
  { input, routes, drainMs, ...options }: Shipping,
  log: Logger,
  ending: AbortSignal,
  started: () => void = () => undefined,
): Promise<void> {
  const redis = new RedisConnection(redisFromEnvironment(process.env), 'distributary:shipper');
  try {
    const create = () => new Shipper({ ...options, redis, input, routes: new Map(routes) });
    const shipper = await startUnlocked(create, log, ending);
    if (!shipper) return;
    started();
    const stop = () => void shipper.stop({ timeoutMs: drainMs });
    if (ending.aborted) stop();
    else ending.addEventListener('abort', stop, { once: true });
    await shipper.finished;
  } finally {
    redis.close();
  }
}

/** A shipper that was killed leaves one behind that still finishes: its log is waited for. @returns undefined on abort */
async function startUnlocked(create: () => Shipper, log: Logger, ending: AbortSignal): Promise<Shipper | undefined> {
  const deadline = performance.now() + UNLOCKED_WITHIN_MS;
  for (let tries = 1; !ending.aborted; tries++) {
    const shipper = create();
    logShipper(shipper, log);
    try {
      await shipper.start();
      return shipper;
    } catch (thrown) {
      const isLocked = thrown instanceof ShipperError && thrown.code === 'WAL_LOCKED';
      if (!isLocked || performance.now() > deadline) throw thrown;
      if (tries === 1) log.warn(`${thrown.message} Waiting for it to end.`);
      await sleep(LOOKS_EVERY_MS);
    }
  }
  return undefined;
}
