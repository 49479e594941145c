import { describe } from 'vitest';
import { redisCapability } from './redis-capability.ts';

/**
 * A suite whose tests run, kill or restart a Redis server of their own. Where there is none to run, its tests are
 * skipped, and named at the end of the run with what they need.
 */
export function describeWithRedisProcess(name: string, define: () => void): void {
  if (redisCapability().serverBin) describe(name, define);
  else describe.skip(`${name} (needs a Redis server process)`, define);
}
