import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** What the thread is told when it starts. */
export interface WatchedLoop {
  /** One number that the watched thread counts up. */
  readonly beats: Int32Array;
  readonly stallMs: number;
  readonly pid: number;
}

/** So many beats fall into the time that the event loop may stand still. */
const BEATS = 10;
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/**
 * Ends this process with SIGKILL when its event loop stands still for that long: a `decode` or a mapping that never
 * returns cannot be interrupted otherwise. Whoever restarts the process finds its entries pending, and the one that
 * does it again and again is delivered alone, and then set aside.
 *
 * The watching is done by a thread of its own, for nothing else runs while the event loop stands still.
 * @param stallMs at least 1,000
 * @returns what ends the watching
 */
export function watchEventLoop(stallMs: number): Disposable {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const beating = setInterval(() => Atomics.add(beats, 0, 1), stallMs / BEATS).unref();
  const workerData: WatchedLoop = { beats, stallMs, pid: process.pid };
  const thread = new Worker(fileURLToPath(new URL(`./watchdog-thread.${EXTENSION}`, import.meta.url)), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  thread.unref();
  return {
    [Symbol.dispose]() {
      clearInterval(beating);
      void thread.terminate();
    },
  };
}
