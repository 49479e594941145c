import { describe } from 'vitest';
import { ambientEnvironment } from './environment.ts';
import { redisCapability } from './redis-capability.ts';

/**
 * A suite whose tests run, kill or restart a Redis server of their own. Where there is none to run, its tests are
 * skipped, and named at the end of the run with what enables them.
 */
export function describeWithRedisProcess(name: string, define: () => void): void {
  if (redisCapability().serverBin) describe(name, define);
  else describe.skip(`${name} (needs a Redis server process: ${remedy()})`, define);
}

function remedy(): string {
  return ambientEnvironment['DISTRIBUTARY_REDIS'] === 'embedded'
    ? 'env -u DISTRIBUTARY_REDIS npm test'
    : 'apt-get install redis-server, or REDIS_SERVER_BIN=/path/to/redis-server npm test';
}
