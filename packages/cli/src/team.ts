import { readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import {
  asError,
  CONTRACT_VARIABLE,
  OptionsError,
  parseTeamContract,
  type SinkAudit,
  type StreamConsumer,
  type TeamContract,
} from '@distributary/core';
import { UsageError } from './usage-error.ts';

/** A team's package: what it declares, and what to load. */
export interface Team extends Omit<TeamContract, 'lagSlo'> {
  readonly folder: string;
  /** The folder's own name, such as `noc`. */
  readonly name: string;
  /** How far the group may be behind; undefined where the package does not say. */
  readonly lagSloSeconds: number | undefined;
  /** The module that the package exports. */
  readonly module: string;
}

/** What that module has to export: the consumer's class, and for `distributary parse` a function. */
export interface TeamModule {
  readonly default?: new (environment: NodeJS.ProcessEnv) => StreamConsumer<unknown>;
  /** What the team would store for a line, as JSON text. */
  readonly preview?: (line: string) => string;
  /** What reads the team's destination back, for `distributary reconcile` and `trace`. */
  readonly audit?: (environment: NodeJS.ProcessEnv) => SinkAudit;
}

/** Node runs this package from its source in a checkout; then the teams' packages are, too. */
export const FROM_SOURCE: boolean = import.meta.url.endsWith('.ts');

interface Manifest {
  readonly exports?: string | Readonly<Record<string, unknown>>;
  readonly distributary?: unknown;
}

/**
 * Reads the package.json of a team's package.
 * @param path its folder
 * @throws UsageError naming every key that is wrong or missing, and what is allowed
 */
export async function readTeam(path: string): Promise<Team> {
  const folder = resolve(path);
  const manifest = await readManifest(folder, path);
  if (manifest.distributary === undefined) {
    throw new UsageError(
      `${path}/package.json does not say what the package consumes. Add: "distributary": { "stream": "syslog_stream", "group": "…_team", "owner": "…" }`,
    );
  }
  try {
    const { lagSlo, ...contract } = parseTeamContract(manifest.distributary);
    const module = join(folder, entryOf(manifest, path));
    return { ...contract, lagSloSeconds: lagSlo, folder, name: basename(folder), module };
  } catch (thrown) {
    throw thrown instanceof OptionsError ? new UsageError(`${path}/package.json: ${thrown.message}`) : thrown;
  }
}

/** The package's folder as it can be given to a command run here. */
export function givenPath({ folder }: Team): string {
  const path = relative(process.cwd(), folder);
  return path === '' ? '.' : path;
}

/** @throws UsageError when the module cannot be loaded */
export async function loadTeam({ module, name }: Team): Promise<TeamModule> {
  try {
    return (await import(pathToFileURL(module).href)) as TeamModule;
  } catch (thrown) {
    const cause = asError(thrown) as NodeJS.ErrnoException;
    if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    const remedy = 'Run npm install, and npm run build where the package is not run from source.';
    throw new UsageError(`The package ${name} cannot be loaded: ${cause.message}. ${remedy}`, { cause });
  }
}

/**
 * Makes the team's consumer, with what its package declares in its environment.
 * @throws UsageError when the module exports none, or the class has it otherwise than the package says
 */
export async function createConsumer(team: Team, environment: NodeJS.ProcessEnv): Promise<StreamConsumer<unknown>> {
  const { default: Consumer } = await loadTeam(team);
  if (typeof Consumer !== 'function') {
    throw new UsageError(`${team.folder} exports no consumer. Let its module export the class as default.`);
  }
  const consumer = new Consumer({ ...environment, [CONTRACT_VARIABLE]: JSON.stringify(declared(team)) });
  for (const key of EFFECTIVE) {
    if (isDeepStrictEqual(consumer.contract[key], team[key])) continue;
    const [said, has] = [team[key], consumer.contract[key]].map((value) => JSON.stringify(value) ?? 'none');
    throw new UsageError(
      `${team.folder}/package.json declares ${key} ${said}, and the class ${Consumer.name} has ${has}. ` +
        'Let the two agree: the class spreads consumerFromEnvironment(environment) into its options, and sets nothing else there.',
    );
  }
  return consumer;
}

/** What a consumer has to have as its package declares it. */
const EFFECTIVE = ['stream', 'group', 'startFrom', 'mask', 'deadLetterQuota'] as const;

function declared(team: Team): Partial<TeamContract> {
  return Object.fromEntries(EFFECTIVE.map((key) => [key, team[key]]));
}

async function readManifest(folder: string, path: string): Promise<Manifest> {
  const file = join(folder, 'package.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Manifest;
  } catch (thrown) {
    const { code, message } = asError(thrown) as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no package.json in it' : message;
    throw new UsageError(`${path} is not a consumer's package: ${reason}. Give its folder, such as consumers/noc.`);
  }
}

function entryOf({ exports }: Manifest, path: string): string {
  const root = typeof exports === 'object' && '.' in exports ? exports['.'] : exports;
  const conditions = FROM_SOURCE ? ['@distributary/source', 'import', 'default'] : ['import', 'default'];
  const chosen =
    typeof root === 'object' && root !== null
      ? conditions
          .map((condition) => (root as Record<string, unknown>)[condition])
          .find((target) => target !== undefined)
      : root;
  if (typeof chosen === 'string') return chosen;
  throw new UsageError(`${path}/package.json exports nothing. Add: "exports": "./dist/index.js"`);
}
