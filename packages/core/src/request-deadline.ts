/**
 * A signal that aborts with its parent, or with a `TimeoutError` after a while, and that is disposed of with its
 * request. `AbortSignal.timeout` would keep its timer, and all that hangs on it, until the time is up.
 */
export class RequestDeadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #giveUp = () => this.#controller.abort(this.#parent.reason);

  constructor(timeoutMs: number, parent: AbortSignal) {
    this.#parent = parent;
    const passed = () => this.#controller.abort(new DOMException(`${timeoutMs} ms have passed`, 'TimeoutError'));
    this.#timer = setTimeout(passed, timeoutMs);
    if (parent.aborted) this.#giveUp();
    else parent.addEventListener('abort', this.#giveUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener('abort', this.#giveUp);
  }
}
