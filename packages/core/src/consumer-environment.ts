import { hostname } from 'node:os';
import { asError, OptionsError } from './errors.ts';
import { checkName } from './keys.ts';
import { type RedisOptions, redisFromEnvironment } from './redis-options.ts';
import { type Secret, secretFrom } from './secret.ts';
import type { TuningOptions } from './stream-consumer-options.ts';
import { parseTeamContract } from './team-contract.ts';

/** Holds, as JSON, the key `distributary` of the team's package.json. */
export const CONTRACT_VARIABLE = 'DISTRIBUTARY_CONTRACT';

/** Holds the secret that pseudonyms are made with, or with `_FILE` behind it names the file that does. */
export const MASK_KEY_VARIABLE = 'DISTRIBUTARY_MASK_KEY';

/** What every team's consumer takes from its environment; spread it into the options of `StreamConsumer`. */
export interface ConsumerEnvironment
  extends Pick<TuningOptions, 'claim' | 'checkpoint' | 'startFrom' | 'mask' | 'deadLetterQuota'> {
  readonly redis: RedisOptions;
  readonly consumer: string;
  readonly maskKey?: Secret;
}

/**
 * Reads `REDIS_URL`, `REDIS_USERNAME`, `REDIS_PASSWORD[_FILE]`; `DISTRIBUTARY_CONSUMER`, the name of this process within
 * its group, which `distributary run` sets to `<host>-<replica>` and which defaults to the host's name;
 * `DISTRIBUTARY_CLAIM_IDLE_MS`, after how long others take over what a dead process held (renewed three times as often);
 * `DISTRIBUTARY_CHECKPOINT_FOLDER`, where each group's checkpoint is kept in a file as well;
 * `DISTRIBUTARY_CONTRACT`, what the team's package declares, which `distributary run` sets; and
 * `DISTRIBUTARY_MASK_KEY[_FILE]`, what pseudonyms are made with.
 * @throws OptionsError naming the variable that is wrong
 */
export function consumerFromEnvironment(environment: NodeJS.ProcessEnv): ConsumerEnvironment {
  const idleMs = environment['DISTRIBUTARY_CLAIM_IDLE_MS'];
  const folder = environment['DISTRIBUTARY_CHECKPOINT_FOLDER'];
  const contract = environment[CONTRACT_VARIABLE];
  const maskKey = secretFrom(environment, MASK_KEY_VARIABLE);
  return {
    redis: redisFromEnvironment(environment),
    consumer: checkName('consumer', environment['DISTRIBUTARY_CONSUMER'] || hostConsumerName()),
    ...(idleMs ? { claim: claimOf(idleMs) } : {}),
    ...(folder ? { checkpoint: { folder } } : {}),
    ...(contract ? termsOf(contract) : {}),
    ...(maskKey ? { maskKey } : {}),
  };
}

/** The host's name with every character that a consumer's name cannot hold made a hyphen. */
export function hostConsumerName(): string {
  return (
    hostname()
      .replaceAll(/[^A-Za-z0-9._:-]/g, '-')
      .slice(0, 50) || 'consumer'
  );
}

function claimOf(idle: string): { idleMs: number; renewMs: number } {
  const idleMs = Number(idle);
  if (!Number.isInteger(idleMs) || idleMs < 100) {
    throw new OptionsError(
      `DISTRIBUTARY_CLAIM_IDLE_MS is ${JSON.stringify(idle)}. Give whole milliseconds, at least 100.`,
    );
  }
  return { idleMs, renewMs: Math.floor(idleMs / 3) };
}

function termsOf(json: string): Pick<TuningOptions, 'startFrom' | 'mask' | 'deadLetterQuota'> {
  let declared: unknown;
  try {
    declared = JSON.parse(json);
  } catch (thrown) {
    throw new OptionsError(`${CONTRACT_VARIABLE} is no JSON: ${asError(thrown).message}. Unset it.`);
  }
  const { startFrom, mask, deadLetterQuota } = parseTeamContract(declared);
  return { startFrom, mask, ...(deadLetterQuota ? { deadLetterQuota } : {}) };
}
