import { once } from 'node:events';
import { rename, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { ShipperError } from './errors.ts';

/** The longest path that the address of a Unix socket can hold. */
const MAX_SOCKET_PATH_BYTES = 107;
const ANSWERS_WITHIN_MS = 2_000;

/**
 * Keeps a second shipper out of a folder. The lock is a Unix socket that tells its owner's process ID to whoever
 * connects: unlike a process ID in a file it tells the living from the dead also across containers, and a crash leaves
 * nothing behind that would have to be removed by hand.
 */
export class FolderLock {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws ShipperError `WAL_LOCKED` when another process has it */
  static async take(folder: string): Promise<FolderLock> {
    const path = join(folder, 'lock');
    if (Buffer.byteLength(path) + 16 > MAX_SOCKET_PATH_BYTES) {
      throw new ShipperError('WAL', `The path of the write-ahead log folder ${folder} is too long: use a shorter one.`);
    }
    for (;;) {
      const server = await listen(path);
      if (server) return new FolderLock(server);
      const owner = await ownerOf(path);
      if (owner !== undefined) throw lockedBy(owner, folder);
      await removeStale(path, folder);
    }
  }

  async release(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

/** @returns undefined when something is there already */
async function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(`${process.pid}\n`);
  });
  const listening = once(server, 'listening');
  server.listen({ path, exclusive: true });
  try {
    await listening;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw thrown;
  }
  server.unref();
  return server;
}

/** @returns the process ID of the living owner as it tells it; undefined when there is none */
function ownerOf(path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let told = '';
    const socket = connect(path);
    socket.setTimeout(ANSWERS_WITHIN_MS, () => socket.end());
    socket.on('data', (bytes) => {
      told += bytes.toString('latin1');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
    socket.once('close', () => resolve(told.trim()));
  });
}

/** Renames before it removes: between the look and the removal another shipper may have taken the lock. */
async function removeStale(path: string, folder: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw thrown;
  }
  const owner = await ownerOf(aside);
  if (owner !== undefined) {
    await rename(aside, path);
    throw lockedBy(owner, folder);
  }
  await unlink(aside);
}

function lockedBy(owner: string, folder: string): ShipperError {
  const who = owner === '' ? 'a process that does not answer' : `process ${owner}`;
  return new ShipperError(
    'WAL_LOCKED',
    `The write-ahead log folder ${folder} is in use by ${who}: stop that shipper, or give this one a folder of its own.`,
  );
}
