import { randomBytes } from 'node:crypto';
import { Secret } from '@distributary/core';
import type { ElasticsearchConnection } from '@distributary/sink-elasticsearch';
import type { ElasticsearchFixture, Faults, StoredEntry } from '@distributary/testing';

/** A name on a server that nothing else uses. */
export interface OwnIndex extends AsyncDisposable {
  readonly connection: ElasticsearchConnection;
  /** As the sink's option `index` takes it. */
  readonly name: string;
  readonly faults: Faults | undefined;
  stored(): Promise<StoredEntry[]>;
}

/** @param date what stands for the date in the name, if anything */
export function ownIndex(server: ElasticsearchFixture, date: string): OwnIndex {
  const base = `contract-${randomBytes(6).toString('hex')}`;
  const { apiKey, username, password } = server.auth;
  return {
    connection: {
      url: server.url,
      ...(apiKey ? { apiKey: new Secret(apiKey) } : {}),
      ...(username && password ? { username, password: new Secret(password) } : {}),
    },
    name: date === '' ? base : `${base}-${date}`,
    faults: server.faults,
    stored: async () => (await server.stored(`${base}*`)).map(({ id, document }) => storedEntry(id, document)),
    async [Symbol.asyncDispose]() {
      await server.faults?.clear();
    },
  };
}

function storedEntry(identity: string, document: Readonly<Record<string, unknown>>): StoredEntry {
  const { original } = document['event'] as { original: string };
  const { line_base64 } = document['distributary'] as { line_base64?: string };
  return { identity, line: original, lineBase64: line_base64 };
}
