/** Wakes those who wait for a change; a change while nobody waits is theirs to notice by looking first. */
export class WakeUp {
  #waiting: (() => void)[] = [];

  raise(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves at the next change, or when the signal aborts. */
  next(abort: AbortSignal): Promise<void> {
    if (abort.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        abort.removeEventListener('abort', wake);
        resolve();
      };
      abort.addEventListener('abort', wake, { once: true });
      this.#waiting.push(wake);
    });
  }
}
