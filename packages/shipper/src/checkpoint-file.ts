import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Checkpoint } from './journal.ts';

const SLOT_BYTES = 64 * 1024;
const HEADER_BYTES = 8;

/**
 * The checkpoint of a write-ahead log, in two slots written in turn, so that one of them is whole whatever happens:
 *
 *     crc32 of the content (4) · its length (4) · content, as JSON
 *
 * It is not synced: an older checkpoint only sends again what Redis then recognises. Where it is and what Redis should
 * have stand in one slot, so that neither is older than the other after a power cut.
 */
export class CheckpointFile {
  readonly #file: FileHandle;
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
    const slot = encode(checkpoint);
    await this.#file.write(slot, 0, slot.length, this.#next * SLOT_BYTES);
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

function encode(checkpoint: Checkpoint): Buffer {
  const content = Buffer.from(JSON.stringify(checkpoint));
  const slot = Buffer.allocUnsafe(HEADER_BYTES + content.length);
  slot.writeUInt32LE(crc32(content), 0);
  slot.writeUInt32LE(content.length, 4);
  content.copy(slot, HEADER_BYTES);
  return slot;
}

function decode(slot: Buffer): Checkpoint | undefined {
  const length = slot.readUInt32LE(4);
  const content = slot.subarray(HEADER_BYTES, HEADER_BYTES + length);
  if (length === 0 || slot.readUInt32LE(0) !== crc32(content)) return undefined;
  return JSON.parse(content.toString()) as Checkpoint;
}
