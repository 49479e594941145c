import { SinkHoldError, SinkUnavailableError } from '@distributary/core';
import type { Answer } from './answer.ts';
import { judgeStatus } from './bulk-answer.ts';
import type { ElasticsearchServer } from './elasticsearch-server.ts';
import type { IndexName } from './index-name.ts';
import type { TemplateBody } from './syslog-template.ts';

/**
 * The major version of the server.
 * @throws SinkUnavailableError, SinkHoldError
 */
export async function majorOf(server: ElasticsearchServer, signal: AbortSignal): Promise<number> {
  const answer = await server.about(signal);
  if (answer.status !== 200) throw troubleOf(answer, 'It was asked for its version.');
  const version = versionOf(answer.body);
  const major = Number.parseInt(version, 10);
  if (major === 8 || major === 9) return major;
  throw new SinkHoldError(
    `The server says that its version is ${JSON.stringify(version)}.`,
    'Use Elasticsearch 8 or 9.',
  );
}

interface Installation {
  readonly template: TemplateBody;
  readonly index: IndexName;
  readonly major: number;
}

/**
 * Puts the template in place for every index that the name covers; an existing one is replaced.
 * @throws SinkUnavailableError, SinkHoldError
 */
export async function installTemplate(
  server: ElasticsearchServer,
  { template, index, major }: Installation,
  signal: AbortSignal,
): Promise<void> {
  const name = `distributary-${index.pattern.replaceAll('*', '').replace(/[^a-z0-9]+$/, '')}`;
  const answer = await server.putTemplate(name, { ...template, index_patterns: [index.pattern] }, major, signal);
  if (answer.status !== 200) throw troubleOf(answer, `The index template ${name} was not installed.`);
}

/** The error to throw for an answer that is no success to a request that was no bulk one. */
export function troubleOf(answer: Answer, what: string): Error {
  const judgement = judgeStatus(answer);
  if (judgement.outcome === 'trouble') return judgement.error;
  if (judgement.outcome !== 'refused')
    return new SinkUnavailableError(`${what} The answer had status ${answer.status}.`);
  return new SinkHoldError(
    `${what} ${judgement.reason}.`,
    'Mend the template, or install one yourself and leave it out.',
  );
}

function versionOf(body: Buffer): string {
  try {
    return String(JSON.parse(body.toString('utf8')).version.number);
  } catch {
    return body.toString('utf8', 0, 100);
  }
}
