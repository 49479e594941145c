import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Checkpoint } from './journal.ts';

const SLOT_BYTES = 32;

/**
 * The checkpoint of a write-ahead log, in two slots written in turn, so that one of them is whole whatever happens.
 * It is not synced: an older checkpoint only sends again what Redis then recognises.
 */
export class CheckpointFile {
  readonly #file: FileHandle;
  readonly #slot: Buffer = Buffer.alloc(SLOT_BYTES);
  #next: number;

  private constructor(file: FileHandle, next: number) {
    this.#file = file;
    this.#next = next;
  }

  /** @returns the file and the checkpoint it holds; undefined in a new one */
  static async open(folder: string): Promise<{ file: CheckpointFile; checkpoint: Checkpoint | undefined }> {
    const handle = await openOrCreate(join(folder, 'checkpoint'));
    const content = Buffer.alloc(2 * SLOT_BYTES);
    await handle.read(content, 0, content.length, 0);
    const slots = [decode(content.subarray(0, SLOT_BYTES)), decode(content.subarray(SLOT_BYTES))];
    const newest = (slots[1]?.offset ?? -1) > (slots[0]?.offset ?? -1) ? 1 : 0;
    return { file: new CheckpointFile(handle, 1 - newest), checkpoint: slots[newest] };
  }

  async write(checkpoint: Checkpoint): Promise<void> {
    const slot = this.#slot;
    slot.writeUIntLE(checkpoint.segment, 0, 6);
    slot.writeUIntLE(checkpoint.position, 6, 6);
    slot.writeUIntLE(checkpoint.offset, 12, 6);
    slot.writeUInt8(checkpoint.skipping ? 1 : 0, 18);
    slot.writeUInt32LE(crc32(slot.subarray(0, 28)), 28);
    await this.#file.write(slot, 0, SLOT_BYTES, this.#next * SLOT_BYTES);
    this.#next = 1 - this.#next;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    return open(path, 'wx+', 0o600);
  }
}

function decode(slot: Buffer): Checkpoint | undefined {
  const expected = slot.readUInt32LE(28);
  if (expected !== crc32(slot.subarray(0, 28)) || slot.readUIntLE(0, 6) === 0) return undefined;
  return {
    segment: slot.readUIntLE(0, 6),
    position: slot.readUIntLE(6, 6),
    offset: slot.readUIntLE(12, 6),
    skipping: slot.readUInt8(18) === 1,
  };
}
