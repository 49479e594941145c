import type { TemplateManifest } from './package-manifest.ts';

const SCOPE = '@distributary/';
const NONE = '"references": []';

/** Where the tsconfig.json files of a template leave room for the packages of the workspace that they refer to. */
export function addReferences(files: Map<string, string>, { dependencies = {} }: TemplateManifest): void {
  const packages = Object.keys(dependencies)
    .filter((name) => name.startsWith(SCOPE))
    .map((name) => `packages/${name.slice(SCOPE.length)}`);
  const references = {
    'tsconfig.json': packages.map((folder) => `../../${folder}`),
    'test/tsconfig.json': ['..', ...[...packages, 'packages/testing'].map((folder) => `../../../${folder}`)],
  };
  for (const [file, paths] of Object.entries(references)) {
    const list = paths.map((path) => `    {\n      "path": "${path}"\n    }`).join(',\n');
    files.set(file, (files.get(file) ?? '').replace(NONE, `"references": [\n${list}\n  ]`));
  }
}
