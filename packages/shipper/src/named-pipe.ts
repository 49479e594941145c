import { execFile } from 'node:child_process';
import { constants, fstatSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { asError, ShipperError } from './errors.ts';
import type { Input, InputPort } from './input.ts';
import type { Report } from './shipper-events.ts';

/** What a pipe holds, unless somebody enlarged it (pipe(7)): one read takes all of it. */
const PIPE_BYTES = 64 * 1024;
/** At most so much is taken while closing, for a writer could go on for ever. */
const MAX_CLOSING_READS = 32;
const LOOKS_EVERY_MS = 2_000;

const run = promisify(execFile);

export interface NamedPipeOptions {
  readonly path: string;
  readonly mode: number;
  readonly report: Report;
}

/**
 * The reading end of a named pipe. It is opened for reading and writing, so that there is always a writer and the end
 * of the last other one is no end of the input; and without blocking, so that it is read from the event loop and not
 * from a thread of the pool, which a silent pipe would occupy for ever.
 */
export class NamedPipe implements Input {
  readonly #path: string;
  readonly #mode: number;
  readonly #report: Report;
  readonly #buffer = Buffer.allocUnsafeSlow(PIPE_BYTES);
  #port: InputPort | undefined;
  #opened: { readonly socket: Socket; readonly descriptor: number; readonly inode: number } | undefined;
  #isPaused = false;
  #looking: NodeJS.Timeout | undefined;

  constructor({ path, mode, report }: NamedPipeOptions) {
    this.#path = path;
    this.#mode = mode;
    this.#report = report;
  }

  async open(port: InputPort): Promise<void> {
    this.#port = port;
    await this.#create();
    this.#read();
    this.#looking = setInterval(() => this.#look(), LOOKS_EVERY_MS);
    this.#looking.unref();
  }

  resume(): void {
    this.#isPaused = false;
    this.#opened?.socket.resume();
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    this.#takeTheRest();
    this.#opened?.socket.destroy();
    this.#opened = undefined;
  }

  async #create(): Promise<void> {
    const found = await stat(this.#path).catch(() => undefined);
    if (found?.isFIFO()) return;
    if (found) {
      const advice = 'Remove it, or name another path for the pipe.';
      throw new ShipperError('PIPE', `${this.#path} exists and is not a named pipe. ${advice}`);
    }
    try {
      await run('mkfifo', ['-m', this.#mode.toString(8), this.#path]);
    } catch (cause) {
      if ((await stat(this.#path).catch(() => undefined))?.isFIFO()) return;
      const said = asError(cause).message.split('\n').filter(Boolean).at(-1);
      const advice = 'Create its folder, and let the shipper write there.';
      throw new ShipperError('PIPE', `The named pipe ${this.#path} cannot be created: ${said}. ${advice}`, { cause });
    }
  }

  #read(): void {
    let descriptor: number;
    try {
      descriptor = openSync(this.#path, constants.O_RDWR | constants.O_NONBLOCK);
    } catch (cause) {
      const advice = 'Give the shipper read and write permission on it.';
      const message = `The named pipe ${this.#path} cannot be opened: ${asError(cause).message}. ${advice}`;
      throw new ShipperError('PIPE', message, { cause });
    }
    const socket = new Socket({
      fd: descriptor,
      readable: true,
      writable: false,
      onread: {
        buffer: this.#buffer,
        callback: (length, buffer) => this.#take((buffer as Buffer).subarray(0, length)),
      },
    });
    socket.on('error', (cause) => {
      this.#port?.failed(
        new ShipperError('PIPE', `Reading the named pipe ${this.#path} failed: ${cause.message}.`, { cause }),
      );
    });
    this.#opened = { socket, descriptor, inode: fstatSync(descriptor).ino };
    if (!this.#isPaused) socket.resume();
  }

  #take(bytes: Buffer): boolean {
    const goesOn = this.#port?.take(bytes) ?? false;
    if (!goesOn) this.#isPaused = true;
    return goesOn;
  }

  /** What is in the pipe is gone when nobody has it open any more. */
  #takeTheRest(): void {
    if (!this.#opened) return;
    const { socket, descriptor } = this.#opened;
    socket.pause();
    for (let reads = 0; !this.#isPaused && reads < MAX_CLOSING_READS; reads++) {
      try {
        const length = readSync(descriptor, this.#buffer);
        if (length === 0) return;
        this.#take(this.#buffer.subarray(0, length));
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code === 'EAGAIN') return;
        throw thrown;
      }
    }
  }

  /** A pipe that was removed or replaced brings nothing more to those who have the old one open. */
  async #look(): Promise<void> {
    const opened = this.#opened;
    const found = await stat(this.#path).catch(() => undefined);
    if (!opened || opened !== this.#opened || found?.ino === opened.inode || this.#isPaused) return;
    try {
      await this.#create();
      this.#takeTheRest();
      opened.socket.destroy();
      this.#read();
      this.#report('pipeReopened', { path: this.#path });
    } catch (thrown) {
      this.#port?.failed(asError(thrown));
    }
  }
}
