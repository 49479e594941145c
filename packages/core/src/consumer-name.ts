import { hostname } from 'node:os';
import { checkName } from './keys.ts';

/**
 * The name of this process within its group: `DISTRIBUTARY_CONSUMER`, which `distributary run` sets to
 * `<host>-<replica>`, or the host's own name. The same after a restart, so that a consumer finds its pending entries.
 * @throws OptionsError when the variable holds what cannot be a name
 */
export function consumerNameFrom(environment: NodeJS.ProcessEnv): string {
  return checkName('consumer', environment['DISTRIBUTARY_CONSUMER'] || hostConsumerName());
}

/** The host's name with every character that a consumer's name cannot hold made a hyphen. */
export function hostConsumerName(): string {
  return (
    hostname()
      .replaceAll(/[^A-Za-z0-9._:-]/g, '-')
      .slice(0, 50) || 'consumer'
  );
}
