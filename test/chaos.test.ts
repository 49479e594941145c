import { readFileSync } from 'node:fs';
import { describeWithRedisProcess } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { runRound } from './chaos/round.ts';
import { PLANS, scheduleOf } from './chaos/schedule.ts';

const SEED = 4;
const DURATION_MS = 20_000;

const SCENARIOS = new Set(Object.values(PLANS).flatMap(({ scenarios }) => scenarios.map(({ name }) => name)));

describe('a schedule of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    const plain = (seed: number) => scheduleOf(seed, 60_000).map(({ scenario, ...step }) => [scenario.name, step]);
    expect(plain(7)).toEqual(plain(7));
    expect(plain(7)).not.toEqual(plain(8));
  });

  it('holds one fault at a place at a time, and leaves none beyond its end', () => {
    for (const steps of Map.groupBy(scheduleOf(9, 60_000), ({ place }) => place).values()) {
      let freeAtMs = 0;
      for (const { atMs, forMs } of steps) {
        expect(atMs).toBeGreaterThanOrEqual(freeAtMs);
        freeAtMs = atMs + forMs;
      }
      expect(freeAtMs).toBeLessThanOrEqual(60_000);
    }
  });

  it('has every scenario within five minutes', () => {
    const seen = [1, 2, 3, 4, 5].flatMap((seed) => scheduleOf(seed, 60_000).map(({ scenario }) => scenario.name));
    expect([...SCENARIOS].filter((name) => !seen.includes(name))).toEqual([]);
  });
});

describe("the README's table of faults", () => {
  const readme = readFileSync(new URL('chaos/README.md', import.meta.url), 'utf8');

  it('names every scenario', () => {
    expect([...SCENARIOS].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

describeWithRedisProcess(`chaos of seed ${SEED}`, () => {
  it('misses nothing, doubles nothing beyond its identity, sets nothing aside that is well, and settles', async () => {
    const { tally, counts, keptIn } = await runRound({ seed: SEED, durationMs: DURATION_MS, linesPerSecond: 300 });
    expect(tally.violations, `logs and data: ${keptIn}`).toEqual([]);
    expect(counts.missing).toBe(0);
    expect(counts.deliveries).toBeGreaterThanOrEqual(2 * counts.entries - counts.deadLetters);
    expect(counts.deadLetters).toBeGreaterThan(0);
  });
});
