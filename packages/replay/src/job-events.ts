import type { JobKind, JobProgress } from './job.ts';

/** What a process says of the jobs that it runs. */
export interface JobEvents {
  started: [{ readonly id: string; readonly kind: JobKind; readonly by: string; readonly resumed: boolean }];
  ended: [
    {
      readonly id: string;
      /**
       * `stopped`: this process ends, and another one goes on with the job; `interrupted`: Redis did not answer, and it
       * is tried again.
       */
      readonly outcome: 'done' | 'cancelled' | 'failed' | 'stopped' | 'interrupted';
      readonly progress: JobProgress;
      readonly reason?: Error;
    },
  ];
  /** This process cannot run jobs and does not try again; its consumer delivers all the same. */
  unable: [{ readonly reason: Error; readonly remedy?: string }];
  /** Redis does not answer to what has to do with jobs; it is tried again. */
  troubled: [{ readonly reason: Error }];
}

export type ReportJob = <Name extends keyof JobEvents>(name: Name, ...payload: JobEvents[Name]) => void;
