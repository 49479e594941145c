/** Time and chance as the delivery core sees them, so that a simulation can own both. */
export interface Clock {
  /** Milliseconds to measure spans by: they grow evenly, whatever the time of day is set to meanwhile. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when `signal` is or becomes aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A number from 0 up to, not including, 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  random: () => Math.random(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.max(0, ms));
      signal?.addEventListener('abort', finish, { once: true });
    });
  },
};

/** Settles as the promise does, or resolves once `ms` milliseconds are over, if that is earlier. */
export async function within(ms: number, promise: Promise<unknown> | undefined, clock: Clock): Promise<void> {
  const done = new AbortController();
  await Promise.race([promise, clock.sleep(Math.max(0, ms), done.signal)]);
  done.abort();
}
