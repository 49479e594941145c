import type { Lease } from './in-hand.ts';

/** A larger value comes in several reads of the socket, which redis-parser joins in memory of several times its size. */
export const LARGE_BYTES = 32_768;

/** When so many bytes of large values have passed, what they left behind is collected. */
const COLLECTED_EVERY_BYTES = 2 * 1024 * 1024;

let passedBytes = 0;

/**
 * Has what large values leave behind collected: copies of them lie outside of the heap, where V8 lets some 64 MB of
 * garbage lie before it looks. It takes about 10 ms, less than such values take to be delivered. Nothing happens unless
 * the process was started with `--expose-gc`, as those of `distributary run` are.
 */
export function largeValuesPassed(bytes: number): void {
  passedBytes += bytes;
  if (passedBytes < COLLECTED_EVERY_BYTES) return;
  passedBytes = 0;
  globalThis.gc?.();
}

/** The same for what a delivery leaves behind, if its entries are large on average. */
export function leasePassed({ byteLength, entries }: Lease): void {
  if (byteLength > entries.length * LARGE_BYTES) largeValuesPassed(byteLength);
}
