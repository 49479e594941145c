/** Runs until it is done or the process is asked to end by SIGINT or SIGTERM, which ends it in order, by the signal. */
export async function untilInterrupted<Result>(run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const ending = new AbortController();
  const end = () => ending.abort();
  process.on('SIGINT', end).on('SIGTERM', end);
  try {
    return await run(ending.signal);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}
