import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageManifest, type TemplateManifest } from './package-manifest.ts';
import type { Surroundings } from './surroundings.ts';
import type { TeamPlan } from './team-plan.ts';
import { addReferences } from './type-references.ts';
import { renaming } from './words.ts';

/** A file to write: its path within the package's folder, and what it holds. */
export interface PlannedFile {
  readonly path: string;
  readonly text: string;
}

const TEMPLATES = fileURLToPath(new URL('../../templates', import.meta.url));

const MANIFEST = 'package.json';
/** What a place adds to it; by another name, for it is no package. */
const AROUND_MANIFEST = 'manifest.json';

/** npm leaves a file of its own name out of what it publishes. */
const NAMES = new Map([['gitignore', '.gitignore']]);

/** What the templates call the package's folder, and how to call it where it is a project of its own. */
const ALONE = {
  ' -w consumers/sample': '',
  'npx distributary run consumers/sample': 'npm start --',
  'consumers/sample': '.',
};

/** Every file of the new package, in the order of their paths: the sink's template, and around it that of the place. */
export async function packageFiles(plan: TeamPlan, { kind }: Surroundings): Promise<PlannedFile[]> {
  const [own, around] = await Promise.all([readTemplate(plan.sink), readTemplate(kind)]);
  const manifest = packageManifest(manifestOf(own, MANIFEST), manifestOf(around, AROUND_MANIFEST));
  const files = new Map([...own, ...around, [MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`]]);
  files.delete(AROUND_MANIFEST);
  if (kind === 'workspace') {
    files.delete('docker-compose.yml');
    addReferences(files, manifest);
  }
  const rename = renaming(plan, kind === 'alone' ? ALONE : {});
  return [...files].map(([path, text]) => ({ path, text: rename(text) })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The compose file of a sink's template, which has the team's service. */
export async function composeTemplate(plan: TeamPlan): Promise<string> {
  return renaming(plan, {})(await readFile(join(TEMPLATES, plan.sink, 'docker-compose.yml'), 'utf8'));
}

async function readTemplate(name: string): Promise<Map<string, string>> {
  const folder = join(TEMPLATES, name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name: file }) => join(parentPath, file));
  const files = await Promise.all(
    paths.map(async (path): Promise<[string, string]> => {
      const inPackage = path.slice(folder.length + 1).replaceAll('\\', '/');
      return [NAMES.get(inPackage) ?? inPackage, await readFile(path, 'utf8')];
    }),
  );
  return new Map(files);
}

function manifestOf(template: ReadonlyMap<string, string>, path: string): TemplateManifest {
  return JSON.parse(template.get(path) ?? '{}') as TemplateManifest;
}
