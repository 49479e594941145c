import { type RedisOptions, RedisUnavailableError, systemClock } from '@distributary/core';
import { PassSchedule } from '@distributary/replay';
import type { RecordedReport } from './status-history.ts';

/** A stream and a pass of its janitor over it. */
export interface KeptStream {
  readonly stream: string;
  /** Ends early by the signal. @throws RedisUnavailableError */
  readonly pass: (signal: AbortSignal) => Promise<RecordedReport>;
}

interface Repetition {
  readonly everyMs: number;
  readonly show: (report: RecordedReport) => void;
  readonly signal: AbortSignal;
}

/**
 * Passes over a stream again and again: by the schedule that all processes share, and while Redis does not keep that, as
 * when it is out of memory, each of them by itself, one at a time under the janitor's lock.
 */
export async function keepPassing(
  redis: RedisOptions,
  { stream, pass }: KeptStream,
  { everyMs, show, signal }: Repetition,
): Promise<void> {
  const broken = Promise.withResolvers<never>();
  let underWay: Promise<boolean> | undefined;
  const passOnce = async (until: AbortSignal): Promise<boolean> => {
    try {
      const report = await pass(until);
      if (report.outcome !== 'locked') show(report);
      return true;
    } catch (thrown) {
      if (thrown instanceof RedisUnavailableError) say(thrown.message);
      else broken.reject(thrown);
      return false;
    }
  };
  /** One at a time in this process, for it has one lock. @returns whether Redis answered */
  const run = (until: AbortSignal): Promise<boolean> => {
    underWay ??= passOnce(until).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  await using schedule = await PassSchedule.open(redis, { stream, everyMs, run });
  const keepUp = async () => {
    let goesOn = true;
    while (!signal.aborted) {
      try {
        await schedule.keep();
        goesOn = true;
      } catch (thrown) {
        if (!(thrown instanceof RedisUnavailableError)) throw thrown;
        if ((await run(signal)) && goesOn) say(`${thrown.message} Until that mends, each janitor passes by itself.`);
        goesOn = false;
      }
      await systemClock.sleep(everyMs, signal);
    }
  };
  await Promise.race([keepUp(), broken.promise]);
}

function say(text: string): void {
  process.stderr.write(`distributary: ${text}\n`);
}
