import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  asError,
  type Batch,
  type DeliveryResult,
  delivered,
  type Entry,
  eventIdentityJson,
  type JsonLine,
  jsonText,
  rejected,
  type Sink,
  SinkUnavailableError,
} from '@distributary/core';

export interface FileSinkOptions {
  /** Where the file is written; made if it is not there. */
  readonly folder: string;
  /** The process that writes it: the file is named after it and the moment at which it was opened. */
  readonly owner: string;
  /** Makes an object, or its JSON text, of a line. What it throws is the reason of a dead letter. */
  readonly document: (line: string, entry: Entry) => object | JsonLine;
}

/**
 * Writes `{"id":…,"document":…}` for each entry, as lines of a file that it shares with nobody, and calls a batch
 * delivered when the disk has it. An entry that comes again is written again, under the same `id`. After a crash the
 * last line of a file can be incomplete; it was never confirmed, and its entry comes again.
 *
 * It stands for the destination of your own: keep the form of `deliver`, and replace what is around it.
 */
export class FileSink implements Sink<string> {
  readonly name = 'file';
  readonly #options: FileSinkOptions;
  #file: FileHandle | undefined;
  /** What lies behind it in the file is of a batch that failed. */
  #confirmedBytes = 0;
  /** Batches may come several at once, and are written one after the other. */
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(options: FileSinkOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { folder, owner } = this.#options;
    await this.close();
    await mkdir(folder, { recursive: true });
    this.#file = await open(join(folder, `${owner}.${Date.now()}.ndjson`), 'ax');
    this.#confirmedBytes = 0;
    await using directory = await open(folder);
    await directory.sync();
  }

  async deliver(batch: Batch<string>, signal: AbortSignal): Promise<DeliveryResult[]> {
    const lines: string[] = [];
    const results = batch.map(({ id, entry, payload }) => {
      try {
        const document = jsonText(this.#options.document(payload, entry));
        lines.push(`{"id":${eventIdentityJson(entry)},"document":${document}}\n`);
        return delivered(id);
      } catch (thrown) {
        return rejected(id, asError(thrown));
      }
    });
    const write = this.#lastWrite.then(() => this.#write(Buffer.from(lines.join('')), signal));
    this.#lastWrite = write.catch(() => undefined);
    await write;
    return results;
  }

  async close(): Promise<void> {
    await this.#lastWrite;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #write(bytes: Buffer, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (bytes.length === 0) return;
    const file = this.#file;
    if (file === undefined) throw new SinkUnavailableError('The file is not open. Call open() first.');
    await file.truncate(this.#confirmedBytes);
    await file.appendFile(bytes);
    await file.datasync();
    this.#confirmedBytes += bytes.length;
  }
}
