import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { UsageError } from '../usage-error.ts';

/** The new service: its own text, and whose it is. */
export interface NewService {
  readonly name: string;
  /** A compose file that has the service, such as that of a template. */
  readonly from: string;
  /** The Dockerfile that builds it, from the folder of the compose file. */
  readonly dockerfile: string;
  /** The package that a janitor in the compose file has to ask from now on. */
  readonly folder: string;
}

/** What to put at an offset of a text, in place of what stands there until `end`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Adds a service to a compose file, with the volumes that it mounts, and its package to what a `retain` command in
 * there asks before it trims. Every other byte of the file stays.
 * @throws UsageError when it is no compose file, has a service of that name, or is not indented by two spaces
 */
export function addService(compose: string, service: NewService): string {
  const root = rootOf(compose);
  const services = root.get('services', true);
  if (!isMap(services) || services.items.length === 0) {
    throw new UsageError('docker-compose.yml has no services. Mend it, or move it away.');
  }
  if (services.has(service.name)) {
    throw new UsageError(`docker-compose.yml has a service ${service.name} already. Use another name for the team.`);
  }
  const { text, volumes } = serviceIn(service);
  const edited = apply(compose, [
    { ...behind(compose, services), text: `\n\n${text}` },
    ...janitorEdits(compose, services, service.folder),
    ...volumeEdits(compose, root, volumes),
  ]);
  if (parseDocument(edited).errors.length === 0) return edited;
  throw new UsageError(
    'docker-compose.yml is not written as a block that is indented by two spaces. Indent it so, or move it away.',
  );
}

function rootOf(compose: string): YAMLMap {
  const document = parseDocument(compose);
  const [error] = document.errors;
  if (error) throw new UsageError(`docker-compose.yml cannot be read: ${error.message}. Mend it.`);
  if (isMap(document.contents)) return document.contents;
  throw new UsageError('docker-compose.yml holds no mapping. Mend it, or move it away.');
}

/** The service's own lines, built by another Dockerfile, and the named volumes that it mounts. */
function serviceIn({ name, from, dockerfile }: NewService): { text: string; volumes: string[] } {
  const services = rootOf(from).get('services') as YAMLMap;
  const pair = services.items.find(({ key }) => isScalar(key) && key.value === name) as Pair;
  const service = pair.value as YAMLMap;
  const [start] = rangeOf(pair.key);
  const { end } = behind(from, service);
  const [buildStart, buildEnd] = rangeOf(service.get('build', true));
  const build = { start: buildStart - start, end: buildEnd - start, text: `{ context: ., dockerfile: ${dockerfile} }` };
  const mounts = (service.toJSON() as { volumes?: string[] }).volumes ?? [];
  return {
    text: `  ${apply(from.slice(start, end), [build])}`,
    volumes: mounts.map((mount) => mount.slice(0, mount.indexOf(':'))),
  };
}

function volumeEdits(compose: string, root: YAMLMap, wanted: readonly string[]): Edit[] {
  const volumes = root.get('volumes', true);
  const missing = wanted.filter((name) => !isMap(volumes) || !volumes.has(name));
  if (missing.length === 0) return [];
  const lines = missing.map((name) => `\n  ${name}:`).join('');
  return isMap(volumes)
    ? [{ ...behind(compose, volumes), text: lines }]
    : [{ start: compose.length, end: compose.length, text: `\nvolumes:${lines}\n` }];
}

/** One of several packages that a command names, behind what stands between two of its words: `, `, `", "`, a dash. */
const PACKAGE = /(?<=[\w-])(?<between>[^\w./-]+(?:- +)?)consumers\/[\w.-]+/g;

/** The package behind the last one that each `retain` command names, whichever way that command is written. */
function janitorEdits(compose: string, services: YAMLMap, folder: string): Edit[] {
  return services.items.flatMap(({ value }) => {
    const command = isMap(value) && value.get('command', true);
    if (!command) return [];
    const [start, end] = rangeOf(command);
    const text = compose.slice(start, end);
    const last = /\bretain\b/.test(text) ? [...text.matchAll(PACKAGE)].at(-1) : undefined;
    if (!last) return [];
    const at = start + last.index + last[0].length;
    return [{ start: at, end: at, text: `${last.groups?.['between']}${folder}` }];
  });
}

/** Right behind the last character of a block, before the blank lines and comments that follow. */
function behind(text: string, block: YAMLMap): { start: number; end: number } {
  const at = text.slice(0, rangeOf(block)[1]).trimEnd().length;
  return { start: at, end: at };
}

function rangeOf(node: unknown): [number, number] {
  const { range } = node as { range: [number, number, number] };
  return [range[0], range[1]];
}

function apply(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((edited, { start, end, text: added }) => edited.slice(0, start) + added + edited.slice(end), text);
}
