import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';

/** The file of that Redis which grows with every change: what a power cut takes the end of. */
export async function appendOnlyFile(admin: Redis): Promise<string> {
  const [, folder = ''] = (await admin.config('GET', 'dir')) as string[];
  const files = (await readdir(join(folder, 'appendonlydir'))).filter((file) => file.endsWith('.incr.aof'));
  return join(folder, 'appendonlydir', files.sort().at(-1) ?? '');
}
