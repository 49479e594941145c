/** Elasticsearch's response filtering: only what a comma-separated list of dotted paths with wildcards names. */
export function filterPath(body: unknown, filter: string | null): unknown {
  if (!filter) return body;
  const paths = filter.split(',').map((path) => path.split('.'));
  return kept(body, paths) ?? {};
}

function kept(value: unknown, paths: readonly string[][]): unknown {
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) {
    const elements = value.map((element) => kept(element, paths)).filter((element) => element !== undefined);
    return elements.length > 0 ? elements : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const members = Object.entries(value)
    .map(([name, member]) => [name, kept(member, below(name, paths))] as const)
    .filter(([, member]) => member !== undefined);
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}

function below(name: string, paths: readonly string[][]): string[][] {
  return paths.filter(([first]) => first === '*' || first === name).map((path) => path.slice(1));
}
