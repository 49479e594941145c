import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from '../usage-error.ts';
import { addService } from './compose-file.ts';
import { composeTemplate, type PlannedFile, packageFiles } from './package-files.ts';
import type { Surroundings } from './surroundings.ts';
import type { TeamPlan } from './team-plan.ts';

/** Everything that a new team's package changes, before anything is changed. */
export interface Scaffold {
  /** The package's folder, from where the surroundings begin. */
  readonly folder: string;
  /** Files to write, by their paths from the same place. */
  readonly written: readonly PlannedFile[];
  /** Files that are there and to be changed. */
  readonly changed: readonly PlannedFile[];
}

const COMPOSE_FILE = 'docker-compose.yml';

/** @throws UsageError when the folder is there already, or the compose file cannot take the service */
export async function planScaffold(plan: TeamPlan, surroundings: Surroundings): Promise<Scaffold> {
  const folder = surroundings.folderOf(plan.name);
  if (existsSync(join(surroundings.root, folder))) {
    throw new UsageError(
      `${folder} is there already, and nothing was written. Use another name, or move it away first.`,
    );
  }
  const files = await packageFiles(plan, surroundings);
  return {
    folder,
    written: files.map(({ path, text }) => ({ path: `${folder}/${path}`, text })),
    changed: surroundings.kind === 'workspace' ? await composeChange(plan, surroundings.root, folder) : [],
  };
}

/** @throws Error of the file system; a folder that somebody made meanwhile is left as it is */
export async function writeScaffold({ folder, written, changed }: Scaffold, root: string): Promise<void> {
  await mkdir(dirname(join(root, folder)), { recursive: true });
  await mkdir(join(root, folder));
  for (const { path, text } of [...written, ...changed]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

async function composeChange(plan: TeamPlan, root: string, folder: string): Promise<PlannedFile[]> {
  const path = join(root, COMPOSE_FILE);
  if (!existsSync(path)) return [];
  const service = { name: plan.name, from: await composeTemplate(plan), dockerfile: `${folder}/Dockerfile`, folder };
  return [{ path: COMPOSE_FILE, text: addService(await readFile(path, 'utf8'), service) }];
}
