import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Where a team's package is written: into the workspace of a checkout, or alone, as a project of its own. */
export interface Surroundings {
  readonly kind: 'workspace' | 'alone';
  /** The top of the checkout; the folder that a project of its own is put in. */
  readonly root: string;
  /** The package's folder from there. */
  folderOf(name: string): string;
}

/** What the packages of a checkout are tested with; a workspace without it is another project's. */
const TEST_CONFIGURATION = 'packages/testing/vitest.config.ts';

/** Looks from a folder upwards for a workspace of `consumers/*`. */
export async function surroundingsOf(folder: string): Promise<Surroundings> {
  const start = resolve(folder);
  for (let root = start; ; root = dirname(root)) {
    if ((await holdsConsumers(root)) && existsSync(join(root, TEST_CONFIGURATION))) {
      return { kind: 'workspace', root, folderOf: (name) => `consumers/${name}` };
    }
    if (root === dirname(root)) return { kind: 'alone', root: start, folderOf: (name) => name };
  }
}

async function holdsConsumers(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
  try {
    const { workspaces } = JSON.parse(text) as { workspaces?: unknown };
    return Array.isArray(workspaces) && workspaces.includes('consumers/*');
  } catch {
    return false;
  }
}
