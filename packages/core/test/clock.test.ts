import { systemClock } from '@distributary/core';
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.useRealTimers();
});

describe("the system's clock", () => {
  it('goes on evenly when the time of day is set back or forth, for leases and pauses are measured by it', () => {
    const before = systemClock.now();
    for (const hours of [-1, 1]) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
      const after = systemClock.now();
      expect(after).toBeGreaterThanOrEqual(before);
      expect(after - before).toBeLessThan(60_000);
      vi.useRealTimers();
    }
  });

  it('sleeps no longer than its signal lets it', async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(1_000_000, abort.signal);
    abort.abort();
    await sleeping;
    await systemClock.sleep(1_000_000, abort.signal);
  });
});
