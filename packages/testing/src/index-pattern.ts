/** Whether a comma-separated list of index names, with `*` in them, covers the name. */
export function coversIndex(patterns: string, name: string): boolean {
  return patterns.split(',').some((pattern) => {
    const expression = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
    return pattern === '_all' || new RegExp(`^${expression}$`).test(name);
  });
}
