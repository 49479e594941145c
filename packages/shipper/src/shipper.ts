import { EventEmitter } from 'node:events';
import { ByteStream } from './byte-stream.ts';
import { Confirmations } from './confirmations.ts';
import { asError, ShipperError } from './errors.ts';
import { Feed } from './feed.ts';
import type { Input } from './input.ts';
import { Intake } from './intake.ts';
import type { Journal, LineStart } from './journal.ts';
import { MemoryJournal } from './memory-journal.ts';
import { NamedPipe } from './named-pipe.ts';
import { routeByFacility } from './routes.ts';
import { type ShippedRange, ShippedRanges } from './shipped-ranges.ts';
import type { ShipperCounts } from './shipper-counts.ts';
import type { Report, ShipperEvents, ShipperState } from './shipper-events.ts';
import { type ShipperOptions, type ShipperSettings, settingsFrom } from './shipper-options.ts';
import { StreamWriter } from './stream-writer.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

const DRAINS_FOR_MS = 10_000;
/** What waits in memory at most when there is no write-ahead log. */
const MEMORY_BYTES = 4 * 1024 * 1024;

/** The longest that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What exists while a shipper runs. */
interface Running {
  readonly input: Input;
  readonly journal: Journal;
  readonly intake: Intake;
  readonly writer: StreamWriter;
  readonly feeding: Promise<void>;
}

/** Brings lines from a named pipe or standard input into Redis Streams, through a write-ahead log. */
export class Shipper extends EventEmitter<ShipperEvents> {
  readonly #settings: ShipperSettings;
  readonly #counts: ShipperCounts;
  readonly #abort = new AbortController();
  readonly #outcome = Promise.withResolvers<void>();
  readonly #report: Report = (name, ...payload) => void this.emit(name, ...(payload as never));
  #state: ShipperState = 'idle';
  #starting: Promise<void> | undefined;
  #opening: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #running: Running | undefined;
  #failure: Error | undefined;
  #givesUpAt = Infinity;
  #deadline: NodeJS.Timeout | undefined;
  #lastByte = 0x0a;

  /** @throws ShipperError `OPTIONS`; no I/O happens before `start` */
  constructor(options: ShipperOptions) {
    super();
    this.#settings = settingsFrom(options);
    this.#counts = {
      readBytes: 0,
      lines: 0,
      cut: 0,
      empty: 0,
      partsLeftOut: 0,
      unrouted: 0,
      stored: 0,
      storedAgain: 0,
      duplicates: 0,
      gaps: 0,
      gapBytes: 0,
      waitingBytes: 0,
      walBytes: 0,
      paused: false,
      pauses: 0,
    };
    this.#outcome.promise.catch(() => undefined);
  }

  get state(): ShipperState {
    return this.#state;
  }

  get counts(): Readonly<ShipperCounts> {
    const journal = this.#running?.journal;
    if (journal) {
      this.#counts.waitingBytes = journal.waitingBytes;
      this.#counts.paused = this.#running?.intake.isPaused ?? false;
      this.#counts.walBytes = this.#settings.wal ? journal.heldBytes : 0;
    }
    return { ...this.#counts };
  }

  /** Settles when the shipper has stopped, also after the end of standard input; rejects if it had to give up. */
  get finished(): Promise<void> {
    return this.#outcome.promise;
  }

  /** Resolves when the input is being read. @throws ShipperError when the pipe or the log cannot be opened */
  start(): Promise<void> {
    if (this.#state !== 'idle' && !this.#starting) {
      return Promise.reject(
        new ShipperError('OPTIONS', 'This shipper was stopped before it started: create another one.'),
      );
    }
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Reads no more, gives Redis what waits for at most `timeoutMs` (default 10,000), and closes everything it opened.
   * What is in the write-ahead log by then is shipped after the next start, so an outage of Redis is not waited for.
   * A further call can shorten the time, not lengthen it.
   */
  stop({ timeoutMs = DRAINS_FOR_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#givesUpAt = Math.min(this.#givesUpAt, performance.now() + timeoutMs);
    if (this.#state === 'draining') this.#awaitDeadline();
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(): Promise<void> {
    this.#become('running');
    this.#opening = this.#open();
    try {
      await this.#opening;
    } catch (thrown) {
      this.#failure = asError(thrown);
      await this.stop({ timeoutMs: 0 });
      throw thrown;
    }
  }

  async #open(): Promise<void> {
    const { redis, name, stream, routes, maxLineBytes, maxLines, maxBytes } = this.#settings;
    const counts = this.#counts;
    const report = this.#report;
    const { journal, start, remedy } = await this.#openJournal();
    const input = this.#createInput();
    const failed = (reason: Error) => this.#fail(reason);
    const confirmations = this.#createConfirmations();
    const intake = new Intake({ input, journal, confirmations, counts, report, remedy, failed });
    const shipped = new ShippedRanges(name, new Set([stream, ...routes.values()]), start.shipped);
    const writer = new StreamWriter({ redis, name, shipped, counts, report });
    const route = routes.size > 0 ? routeByFacility(routes) : undefined;
    const released = () => intake.released();
    const feed = new Feed(
      { journal, writer, shipped, counts, report, released },
      { stream, route, maxLineBytes, maxLines, maxBytes, start },
    );
    const feeding = feed.run(this.#abort.signal).catch(failed);
    this.#running = { input, journal, intake, writer, feeding };
    if (this.#settings.input.kind === 'stdin') journal.appendBreak();
    await input.open({
      take: (bytes) => {
        this.#lastByte = bytes.at(-1) ?? this.#lastByte;
        return intake.take(bytes);
      },
      ended: () => {
        intake.finishLastLine(this.#lastByte === 0x0a);
        report('inputEnded', { readBytes: counts.readBytes });
        void this.stop({ timeoutMs: this.#settings.wal ? DRAINS_FOR_MS : Infinity });
      },
      failed,
    });
  }

  async #openJournal(): Promise<{
    readonly journal: Journal;
    readonly start: LineStart & { readonly shipped: readonly ShippedRange[] };
    readonly remedy: string;
  }> {
    const { wal } = this.#settings;
    if (!wal) {
      const remedy = 'Bring Redis back; without a write-ahead log no more is taken until then.';
      return { journal: new MemoryJournal(MEMORY_BYTES), start: { offset: 0, skipping: false, shipped: [] }, remedy };
    }
    const { folder } = wal;
    const log = await WriteAheadLog.open({ ...wal, report: this.#report });
    this.#report('walOpened', { folder, boot: log.boot, unshippedBytes: log.waitingBytes });
    const remedy = `Bring Redis back, or give the write-ahead log in ${folder} more room with wal.maxBytes.`;
    return { journal: log, start: log.start, remedy };
  }

  #createInput(): Input {
    const { input } = this.#settings;
    if (input.kind === 'stdin') return new ByteStream(input.input ?? process.stdin);
    return new NamedPipe({ path: input.path, mode: input.mode ?? 0o660, report: this.#report });
  }

  #createConfirmations(): Confirmations | undefined {
    const { input } = this.#settings;
    if (input.kind === 'fifo' || !input.confirm || input.confirm === 'nothing') return undefined;
    return new Confirmations(input.confirm, input.output ?? process.stdout);
  }

  async #stop(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    if (this.#running) await this.#drain(this.#running);
    this.#become('stopped');
    if (this.#failure) this.#outcome.reject(this.#failure);
    else this.#outcome.resolve();
  }

  async #drain({ input, journal, intake, writer, feeding }: Running): Promise<void> {
    this.#become('draining');
    await input.close();
    const refusedBytes = await intake.close();
    journal.end();
    if (journal.waitingBytes === 0 || (this.#settings.wal && writer.isTroubled)) this.#abort.abort();
    this.#awaitDeadline();
    await feeding;
    clearTimeout(this.#deadline);
    intake.released();
    this.#abort.abort();
    const abandonedBytes = refusedBytes + (this.#settings.wal ? 0 : journal.waitingBytes);
    if (abandonedBytes > 0) this.#report('abandoned', { bytes: abandonedBytes });
    this.#counts.waitingBytes = journal.waitingBytes;
    await journal.close();
  }

  #awaitDeadline(): void {
    clearTimeout(this.#deadline);
    const leftMs = Math.max(0, this.#givesUpAt - performance.now());
    if (leftMs < Infinity) this.#deadline = setTimeout(() => this.#abort.abort(), Math.min(leftMs, MAX_TIMER_MS));
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#abort.abort();
    void this.stop({ timeoutMs: 0 });
  }

  #become(to: ShipperState): void {
    const from = this.#state;
    if (from === to || from === 'stopped') return;
    this.#state = to;
    this.emit('stateChanged', { from, to });
  }
}
