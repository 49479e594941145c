import { OptionsError } from '@distributary/core';

const NAME = /^[A-Z][A-Z0-9_]*$/;
const SECRET = /PASS|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|CERT/;
const ADDRESS = /URL|URI|HOST|ENDPOINT|ADDRESS|PROXY|PORT$/;
const PROCESS = /^(NODE_|NPM_|LD_|PATH$|HOME$|REDIS_|DISTRIBUTARY_)/;

/**
 * Why a job may not set this variable of a team's environment, or undefined when it may. Jobs are asked for in Redis, by
 * whoever may write there: what they carry is no place for secrets, and must not send the team's own to another address.
 */
export function forbiddenOverride(name: string): OptionsError | undefined {
  if (!NAME.test(name)) return new OptionsError(`${JSON.stringify(name)} is no name of a variable: write NAME=value.`);
  if (PROCESS.test(name)) {
    return new OptionsError(
      `${name} is not a setting of a sink: a backfill can only change what the team's sink reads.`,
    );
  }
  if (SECRET.test(name) && !name.endsWith('_FILE')) {
    return new OptionsError(
      `${name} looks like a secret, which would stand in Redis for all to read. ` +
        `Put it in a file on the host of the team's process and give ${name}_FILE=/path/to/it.`,
    );
  }
  if (ADDRESS.test(name)) {
    return new OptionsError(
      `${name} looks like an address, to which the team's credentials would be sent. ` +
        'Run a process of the team with that address in its environment, and a group of its own, instead.',
    );
  }
  return undefined;
}
