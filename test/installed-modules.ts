import { execFile } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './documents.ts';

const execute = promisify(execFile);

/** npm writes it in place. */
const WRITTEN_BY_NPM = '.package-lock.json';

/**
 * Gives a folder a `node_modules` that npm may change: the folders are its own, and the files are those of this
 * checkout where the file system can link them, so that it takes no time.
 */
export async function copyInstalledModules(folder: string): Promise<void> {
  const from = join(ROOT, 'node_modules');
  const to = join(folder, 'node_modules');
  await execute('cp', ['-al', from, to]).catch(async () => {
    await rm(to, { recursive: true, force: true });
    await execute('cp', ['-a', from, to]);
  });
  await rm(join(to, WRITTEN_BY_NPM));
  await copyFile(join(from, WRITTEN_BY_NPM), join(to, WRITTEN_BY_NPM));
}
