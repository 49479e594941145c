import { type ConsumerEnvironment, consumerFromEnvironment } from '@distributary/core';
import { type SiemEnvironment, siemFromEnvironment } from '@distributary/sink-siem';

/** Everything that differs between one deployment of this consumer and another. */
export interface SecurityConfig {
  readonly consumer: ConsumerEnvironment;
  readonly siem: SiemEnvironment;
}

/**
 * Reads what core and the sink read: see the README.
 * @throws OptionsError naming the variable that is missing or wrong
 */
export function readConfig(environment: NodeJS.ProcessEnv): SecurityConfig {
  return { consumer: consumerFromEnvironment(environment), siem: siemFromEnvironment(environment) };
}
