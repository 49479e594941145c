import type { JobEvents, ReportJob } from '@distributary/replay';
import type { Logger } from 'pino';

type Log = { readonly [Name in keyof JobEvents]: (...payload: JobEvents[Name]) => void };

/** Writes what a process says of its jobs into the log. */
export function logJobs(log: Logger): ReportJob {
  const write: Log = {
    started: ({ id, kind, by, resumed }) =>
      log.info({ job: id, kind, by }, resumed ? 'goes on with a job whose process ended' : 'begins with a job'),
    ended: ({ id, outcome, progress: { delivered, failed }, reason }) => {
      const fields = { job: id, delivered, failed, ...(reason ? { reason: reason.message } : {}) };
      if (outcome === 'failed') log.error(fields, 'a job failed');
      else log.info(fields, ENDINGS[outcome]);
    },
    unable: ({ reason, remedy }) => {
      // A user with what delivering needs and nothing else is as it should be.
      if (remedy)
        log.info({ remedy }, 'its user may not run jobs (replay, redrive, backfill): distributary acl --jobs');
      else log.warn({ reason: reason.message }, 'runs no jobs (replay, redrive, backfill); it delivers all the same');
    },
    troubled: ({ reason }) => log.warn({ reason: reason.message }, 'Redis does not answer to its jobs'),
  };
  return (name, ...payload) => write[name](...payload);
}

const ENDINGS = {
  done: 'a job is done',
  cancelled: 'a job was cancelled',
  stopped: 'leaves a job to another process, for this one ends',
  interrupted: 'a job is interrupted and tried again',
} as const;
