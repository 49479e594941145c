/** What the exit code of every command means. */
export const EXIT = {
  /** Done as asked; after SIGTERM or SIGINT: drained in time. */
  done: 0,
  /** Something went wrong that the output names; nothing of it is lost, and the same command may be run again. */
  failed: 1,
  /** An argument, a variable of the environment or a package is wrong: running it again changes nothing. */
  usage: 2,
  /** Redis did not answer. */
  unavailable: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** How a command says what its process is to exit with. */
export type SetExit = (code: ExitCode) => void;
