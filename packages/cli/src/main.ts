import { DistributaryError } from '@distributary/core';
import { ShipperError } from '@distributary/shipper';
import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit.ts';
import { createProgram } from './program.ts';
import { UsageError } from './usage-error.ts';

/** Runs the command line and sets the exit code of the process. @param argv as `process.argv` */
export async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram((code) => {
    process.exitCode = code;
  });
  try {
    await program.parseAsync(argv);
  } catch (thrown) {
    process.exitCode = exitCodeOf(thrown);
    if (!(thrown instanceof CommanderError)) process.stderr.write(`${explain(thrown)}\n`);
  }
}

/** What a failure means for whoever started the process. */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (thrown instanceof UsageError) return EXIT.usage;
  if (thrown instanceof ShipperError) return thrown.code === 'OPTIONS' ? EXIT.usage : EXIT.failed;
  if (!(thrown instanceof DistributaryError)) return EXIT.failed;
  if (thrown.code === 'OPTIONS' || thrown.code === 'SECRET') return EXIT.usage;
  return thrown.code === 'REDIS_UNAVAILABLE' ? EXIT.unavailable : EXIT.failed;
}

/** A fault of ours is shown with its stack; one that names its remedy needs none. */
function explain(thrown: unknown): string {
  if (thrown instanceof DistributaryError || thrown instanceof ShipperError || thrown instanceof UsageError) {
    return `distributary: ${thrown.message}`;
  }
  return thrown instanceof Error
    ? `distributary: ${thrown.stack ?? thrown.message}`
    : `distributary: ${String(thrown)}`;
}
