import { OptionsError, type Secret, secretFrom } from '@distributary/core';
import { checkToken } from './siem-sink-options.ts';

/** What a process's environment says about its collector; spread it into the options of a sink. */
export interface SiemEnvironment {
  readonly url: string;
  readonly token: Secret | undefined;
  readonly acknowledgement: boolean;
}

/**
 * `SIEM_URL`, `SIEM_TOKEN` (or `SIEM_TOKEN_FILE`) and `SIEM_ACK`.
 * @throws OptionsError saying what to set
 */
export function siemFromEnvironment(environment: NodeJS.ProcessEnv): SiemEnvironment {
  const url = environment['SIEM_URL'];
  if (!url)
    throw new OptionsError("SIEM_URL is not set. Set it to the collector's base address, such as https://host:8088.");
  const acknowledgement = environment['SIEM_ACK'] || 'false';
  if (acknowledgement !== 'true' && acknowledgement !== 'false') {
    throw new OptionsError(
      'SIEM_ACK is neither true nor false. Set it to true if the token has indexer acknowledgement.',
    );
  }
  const token = secretFrom(environment, 'SIEM_TOKEN');
  if (token !== undefined) checkToken(token);
  return { url, token, acknowledgement: acknowledgement === 'true' };
}
