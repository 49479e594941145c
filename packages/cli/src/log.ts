import { OptionsError } from '@distributary/core';
import { type Logger, pino } from 'pino';

const LEVELS = ['debug', 'info', 'warn', 'error'];

/**
 * A logger of JSON lines; `LOG_LEVEL` says from which level on.
 * @param process the name that its lines carry, such as `noc-1`
 * @throws OptionsError
 */
export function createLog(
  process: string,
  destination: { write(line: string): void },
  environment: NodeJS.ProcessEnv,
): Logger {
  const level = environment['LOG_LEVEL'] || 'info';
  if (!LEVELS.includes(level)) {
    throw new OptionsError(`LOG_LEVEL is ${JSON.stringify(level)}. Set it to one of: ${LEVELS.join(', ')}.`);
  }
  return pino(
    {
      level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
