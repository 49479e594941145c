import type { Entry } from '@distributary/core';
import {
  describeSink,
  type StoredDocument,
  type StoredEntry,
  startCollector,
  startElasticsearch,
} from '@distributary/testing';
import { bulkSink, collectorSink } from './line-sinks.ts';

const decode = (entry: Entry) => entry;

describeSink('a bulk sink', async () => {
  const server = await startElasticsearch({ standIn: true });
  const stored = async () => (await server.stored()).map(({ id, document }) => storedEntry(id, document));
  return {
    sink: bulkSink(server.url, 'lines'),
    decode,
    stored,
    faults: server.faults,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});

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
      decode,
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
