import type { Entry } from '@distributary/core';
import { describeSink, type StoredDocument, type StoredEntry, startCollector } from '@distributary/testing';
import { collectorSink } from './line-sinks.ts';

describeSink(
  'a collector sink, its collector in another process',
  async () => {
    const server = await startCollector({ standIn: true, process: true });
    const stored = async () =>
      (await server.stored()).map(({ id, document }) =>
        storedEntry(id, document['event'] as StoredDocument['document']),
      );
    return {
      sink: collectorSink(server.url),
      decode: (entry: Entry) => entry,
      stored,
      faults: server.faults,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { redelivered: 'again' },
);

function storedEntry(identity: string, { line, lineBase64 }: StoredDocument['document']): StoredEntry {
  return { identity, line: String(line), lineBase64: String(lineBase64) };
}
