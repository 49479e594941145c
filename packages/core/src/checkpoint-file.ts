import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, type CheckpointStore, parseCheckpoint } from './checkpoint.ts';
import type { GroupIdentity } from './consumer-group.ts';
import { asError, DistributaryError } from './errors.ts';

/** A group's checkpoint on this host's disk, for when Redis loses all it has. Processes of one group may share it. */
export class CheckpointFile implements CheckpointStore {
  readonly #folder: string;
  readonly #consumer: string;
  readonly #path: string;

  constructor(folder: string, { stream, group, consumer }: GroupIdentity) {
    this.#folder = folder;
    this.#consumer = consumer;
    this.#path = join(folder, `${encodeURIComponent(stream)}.${group}.checkpoint.json`);
  }

  async load(): Promise<Checkpoint | undefined> {
    const text = await readFile(this.#path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined;
      throw this.#explain(cause);
    });
    return text === undefined ? undefined : parseCheckpoint(text, this.#path);
  }

  /** Replaces the file as a whole. */
  async save(checkpoint: Checkpoint): Promise<void> {
    const fresh = `${this.#path}.${this.#consumer}`;
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeFile(fresh, `${JSON.stringify(checkpoint)}\n`, { flush: true });
      await rename(fresh, this.#path);
    } catch (thrown) {
      throw this.#explain(asError(thrown));
    }
  }

  #explain(cause: Error): DistributaryError {
    const remedy = 'Make the folder of checkpoint.folder one that this process can write.';
    return new DistributaryError('CHECKPOINT', `The checkpoint ${this.#path}: ${cause.message}. ${remedy}`, { cause });
  }
}
