import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { WatchedLoop } from './watchdog.ts';

const { beats, stallMs, pid } = workerData as WatchedLoop;
const STANDARD_ERROR = 2;

/** Never changes, so that waiting for it is sleeping. */
const nothing = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const LOOKS = 4;

let seen = Atomics.load(beats, 0);
let lastLook = performance.now();
for (let since = lastLook; ; Atomics.wait(nothing, 0, 0, stallMs / LOOKS)) {
  const now = performance.now();
  const count = Atomics.load(beats, 0);
  // Where this thread overslept, the whole process was suspended.
  const wasSuspended = now - lastLook > stallMs / 2;
  lastLook = now;
  if (count !== seen || wasSuspended) {
    seen = count;
    since = now;
  } else if (now - since >= stallMs) {
    writeSync(
      STANDARD_ERROR,
      `The event loop stood still for ${stallMs} ms, so the process ends itself: an entry may have sent decode or the mapping into an endless loop. What it had in hand is delivered again, and an entry that does so each time is set aside.\n`,
    );
    process.kill(pid, 'SIGKILL');
  }
}
