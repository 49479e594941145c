import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FILE_TEAM } from './distributary.ts';

/** Writes a package that declares this and runs the file team's class. @returns its folder */
export async function teamPackage(parent: string, name: string, declared: object): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true });
  const exports = `./${relative(folder, join(FILE_TEAM, 'src/index.ts'))}`;
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name, type: 'module', exports, distributary: declared }),
  );
  return folder;
}
