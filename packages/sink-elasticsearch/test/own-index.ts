import { randomBytes } from 'node:crypto';
import { Secret } from '@distributary/core';
import type { ElasticsearchConnection } from '@distributary/sink-elasticsearch';
import {
  type ElasticsearchFixture,
  type Faults,
  type StartElasticsearchOptions,
  type StoredEntry,
  startElasticsearch,
} from '@distributary/testing';

/** An Elasticsearch, and a name in it that nothing else uses; all of that name goes when it is disposed of. */
export interface OwnIndex extends AsyncDisposable {
  readonly connection: ElasticsearchConnection;
  /** As the sink's option `index` takes it. */
  readonly name: string;
  readonly server: ElasticsearchFixture;
  readonly faults: Faults | undefined;
  stored(): Promise<StoredEntry[]>;
}

/** @param date what stands for the date in the name, if anything */
export async function ownIndex(date: string, options: StartElasticsearchOptions = {}): Promise<OwnIndex> {
  const server = await startElasticsearch(options);
  const base = `contract-${randomBytes(6).toString('hex')}`;
  const { apiKey, username, password } = server.auth;
  return {
    connection: {
      url: server.url,
      ...(apiKey ? { apiKey: new Secret(apiKey) } : {}),
      ...(username && password ? { username, password: new Secret(password) } : {}),
    },
    name: date === '' ? base : `${base}-${date}`,
    server,
    faults: server.faults,
    stored: async () => (await server.stored(`${base}*`)).map(({ id, document }) => storedEntry(id, document)),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
    },
  };
}

function storedEntry(identity: string, document: Readonly<Record<string, unknown>>): StoredEntry {
  const { original } = document['event'] as { original: string };
  const { line_base64 } = document['distributary'] as { line_base64?: string };
  return { identity, line: original, lineBase64: line_base64 };
}
