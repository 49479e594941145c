import type { Readable } from 'node:stream';
import { ShipperError } from './errors.ts';
import type { Input, InputPort } from './input.ts';

/** Standard input, or another stream of bytes. */
export class ByteStream implements Input {
  readonly #stream: Readable;
  #port: InputPort | undefined;
  readonly #take = (bytes: Buffer) => {
    if (!this.#port?.take(bytes)) this.#stream.pause();
  };
  readonly #ended = () => this.#port?.ended();
  readonly #failed = (cause: Error) =>
    this.#port?.failed(new ShipperError('INPUT', `Reading standard input failed: ${cause.message}.`, { cause }));

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  async open(port: InputPort): Promise<void> {
    this.#port = port;
    this.#stream.on('data', this.#take);
    this.#stream.once('end', this.#ended);
    this.#stream.once('error', this.#failed);
  }

  resume(): void {
    this.#stream.resume();
  }

  async close(): Promise<void> {
    this.#stream.off('data', this.#take);
    this.#stream.off('end', this.#ended);
    this.#stream.pause();
    (this.#stream as Readable & { unref?: () => void }).unref?.();
  }
}
