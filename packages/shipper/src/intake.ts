import { setTimeout as sleep } from 'node:timers/promises';
import type { Confirmations } from './confirmations.ts';
import { asError, ShipperError } from './errors.ts';
import type { Input } from './input.ts';
import type { Journal } from './journal.ts';
import type { ShipperCounts } from './shipper-counts.ts';
import type { Report } from './shipper-events.ts';

const TRIES_AGAIN_AFTER_MS = 1_000;

export interface IntakePorts {
  readonly input: Input;
  readonly journal: Journal;
  /** Undefined: the writer is told nothing. */
  readonly confirmations: Confirmations | undefined;
  readonly counts: ShipperCounts;
  readonly report: Report;
  /** What to do when the journal is full. */
  readonly remedy: string;
  /** The journal can no longer be relied on. */
  readonly failed: (reason: Error) => void;
}

/**
 * From the input into the journal. Bytes are appended in the very call that brings them: once read they are nowhere
 * else, and each moment until they are written is one in which a kill would lose them. Syncing follows on its own,
 * for everything that was appended meanwhile at once.
 */
export class Intake {
  readonly #ports: IntakePorts;
  #syncing: Promise<void> | undefined;
  /** Read, but refused by the disk. */
  #refused: Buffer[] = [];
  #pausedSince: number | undefined;
  #isOpen = true;

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  /** Whether the input is not being read, because there is no room or the disk refuses. */
  get isPaused(): boolean {
    return this.#pausedSince !== undefined;
  }

  /** @returns whether more may come */
  take(bytes: Buffer): boolean {
    const { confirmations, counts } = this.#ports;
    counts.readBytes += bytes.length;
    if (confirmations) confirmations.take(bytes, (message) => this.#append(message));
    else this.#append(bytes);
    this.#sync();
    return this.#hasRoom();
  }

  /** The input is at its end: a line without a newline is one all the same, unless its writer will send it again. */
  finishLastLine(endsWithNewline: boolean): void {
    const { confirmations, journal } = this.#ports;
    if (confirmations) {
      if (!confirmations.isBetweenMessages) journal.appendBreak();
    } else if (!endsWithNewline) {
      this.#append(Buffer.from('\n'));
    }
    this.#sync();
  }

  /** Redis has taken something. */
  released(): void {
    this.#confirm();
    this.#resumeWhenThereIsRoom();
  }

  /** Everything taken is synced, or refused for good. @returns how many bytes were refused */
  async close(): Promise<number> {
    this.#isOpen = false;
    while (this.#syncing) await this.#syncing;
    try {
      this.#appendRefused();
      await this.#ports.journal.sync();
    } catch (thrown) {
      this.#ports.report('walUnwritable', { reason: asError(thrown) });
    }
    this.#confirm();
    this.#ports.confirmations?.close();
    return this.#refused.reduce((sum, { length }) => sum + length, 0);
  }

  /** @returns where the bytes end in the journal; a place that is never reached while the disk refuses them */
  #append(bytes: Buffer): number {
    const { journal } = this.#ports;
    if (this.#refused.length === 0) {
      try {
        journal.append(bytes);
        return journal.appendedEnd;
      } catch (thrown) {
        void this.#appendLater(asError(thrown));
      }
    }
    this.#refused.push(Buffer.from(bytes));
    return this.#refused.reduce((sum, { length }) => sum + length, journal.appendedEnd);
  }

  async #appendLater(cause: Error): Promise<void> {
    const { report } = this.#ports;
    const since = performance.now();
    const advice = 'Free space on its disk; the input is not read meanwhile, and writing is tried again every second.';
    const message = `The write-ahead log cannot be written to: ${cause.message}. ${advice}`;
    report('walUnwritable', { reason: new ShipperError('WAL', message, { cause }) });
    for (;;) {
      await sleep(TRIES_AGAIN_AFTER_MS);
      if (!this.#isOpen) return;
      try {
        this.#appendRefused();
        break;
      } catch {}
    }
    report('walWritable', { afterMs: performance.now() - since });
    this.#sync();
    this.#resumeWhenThereIsRoom();
  }

  #appendRefused(): void {
    for (let [bytes] = this.#refused; bytes; [bytes] = this.#refused) {
      this.#ports.journal.append(bytes);
      this.#refused.shift();
    }
  }

  #sync(): void {
    if (this.#syncing) return;
    const { journal } = this.#ports;
    const started = journal.appendedEnd;
    this.#syncing = journal.sync().then(
      () => {
        this.#syncing = undefined;
        this.#confirm();
        if (journal.appendedEnd > started) this.#sync();
      },
      (cause: unknown) => {
        this.#syncing = undefined;
        const advice = 'What was written since cannot be relied on: check the disk, then start the shipper again.';
        const message = `The write-ahead log could not be synced: ${asError(cause).message}. ${advice}`;
        this.#ports.failed(new ShipperError('WAL', message, { cause }));
      },
    );
  }

  #confirm(): void {
    this.#ports.confirmations?.reach(this.#ports.journal.safeEnd);
  }

  #hasRoom(): boolean {
    const { journal, counts, confirmations, report, remedy } = this.#ports;
    if (journal.hasRoom && this.#refused.length === 0) return true;
    if (this.#pausedSince === undefined) {
      this.#pausedSince = performance.now();
      counts.pauses++;
      if (confirmations) confirmations.isPaused = true;
      const { heldBytes, maxBytes } = journal;
      if (!journal.hasRoom) report('inputPaused', { heldBytes, maxBytes, remedy });
    }
    return false;
  }

  #resumeWhenThereIsRoom(): void {
    const { journal, confirmations, input, report } = this.#ports;
    if (this.#pausedSince === undefined || !journal.hasRoom || this.#refused.length > 0 || !this.#isOpen) return;
    report('inputResumed', { afterMs: performance.now() - this.#pausedSince });
    this.#pausedSince = undefined;
    if (confirmations) confirmations.isPaused = false;
    input.resume();
  }
}
