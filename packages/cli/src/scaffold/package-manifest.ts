import { readFileSync } from 'node:fs';

type Dependencies = Readonly<Record<string, string>>;

/** What the package.json of a template holds. */
export interface TemplateManifest {
  readonly dependencies?: Dependencies;
  readonly devDependencies?: Dependencies;
  readonly [member: string]: unknown;
}

/** All packages of Distributary are of one version. */
const { version: VERSION } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The package.json of a new package, from those of its sink's template and of the place where it goes. */
export function packageManifest(own: TemplateManifest, around: TemplateManifest): TemplateManifest {
  const { distributary, dependencies: ownDependencies, ...described } = own;
  const { dependencies, devDependencies, ...rest } = around;
  return {
    ...described,
    ...rest,
    distributary,
    dependencies: ofThisVersion({ ...ownDependencies, ...dependencies }),
    ...(devDependencies ? { devDependencies: ofThisVersion(devDependencies) } : {}),
  };
}

function ofThisVersion(dependencies: Dependencies): Dependencies {
  return Object.fromEntries(
    Object.entries(dependencies)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, version]) => [name, name.includes('distributary') ? VERSION : version]),
  );
}
