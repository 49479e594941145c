import { SinkHoldError } from '@distributary/core';
import type { Answer } from './answer.ts';
import type { ElasticsearchServer } from './elasticsearch-server.ts';
import type { IndexName } from './index-name.ts';
import { troubleOf } from './opening.ts';

/** Either of the last two lets an index be created by the first document for it. */
const PRIVILEGES = ['create_doc', 'auto_configure', 'create_index'];

interface Target {
  readonly index: IndexName;
  readonly major: number;
}

/**
 * Whether the index of an entry that came now could be written, as far as the server tells; asks and changes nothing.
 * @throws SinkHoldError naming what is missing, SinkUnavailableError
 */
export async function checkAccess(
  server: ElasticsearchServer,
  { index, major }: Target,
  signal: AbortSignal,
): Promise<void> {
  const held = await privilegesOn(server, { index, major }, signal);
  // Without security there is nobody to ask, and everybody may.
  if (held && !(held['create_doc'] && (held['auto_configure'] || held['create_index']))) {
    const remedy = `Grant it create_doc and auto_configure on ${index.pattern}.`;
    throw new SinkHoldError(`The user of Elasticsearch may not add documents to ${index.pattern}.`, remedy);
  }
  const blocks = await blocksOn(server, index.at(Date.now()), major, signal);
  if (blocks.length === 0) return;
  throw new SinkHoldError(
    `${index.at(Date.now())} takes no documents: ${blocks.join(', ')}.`,
    'Free disk space on the nodes, or remove the block from the settings of the index.',
  );
}

async function privilegesOn(
  server: ElasticsearchServer,
  { index, major }: Target,
  signal: AbortSignal,
): Promise<Readonly<Record<string, boolean>> | undefined> {
  const asked = { index: [{ names: [index.pattern], privileges: PRIVILEGES }] };
  const request = { method: 'POST', path: '/_security/user/_has_privileges', body: asked };
  const answer = await server.ask(request, major, signal);
  if (answer.status === 401 || answer.status === 403) throw troubleOf(answer, 'It was asked what its user may do.');
  return (parsed(answer) as { index?: Record<string, Record<string, boolean>> }).index?.[index.pattern];
}

/** Blocks that keep documents out; none where the index is not there yet, or its settings are not to be seen. */
async function blocksOn(
  server: ElasticsearchServer,
  name: string,
  major: number,
  signal: AbortSignal,
): Promise<string[]> {
  const path = `/${name}/_settings?flat_settings=true&expand_wildcards=all`;
  const answer = await server.ask({ method: 'GET', path }, major, signal);
  const indices = Object.values(parsed(answer) as Record<string, { settings?: Record<string, unknown> }>);
  const settings = indices.flatMap((index) => Object.entries(index?.settings ?? {}));
  const blocking = /^index\.blocks\.(write|read_only|read_only_allow_delete)$/;
  return settings
    .filter(([setting, value]) => blocking.test(setting) && String(value) === 'true')
    .map(([setting]) => setting);
}

function parsed({ status, body }: Answer): object {
  if (status !== 200) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
