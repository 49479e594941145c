import { describeSink, type StoredDocument, startElasticsearch } from '@distributary/testing';
import { bulkSink } from './line-sinks.ts';

describeSink('a bulk sink', async () => {
  const server = await startElasticsearch({ standIn: true });
  const stored = async () => (await server.stored()).map(asStoredEntry);
  return { ...server, sink: bulkSink(server.url, 'lines'), decode: (entry) => entry, stored };
});

function asStoredEntry({ id, document }: StoredDocument) {
  return { identity: id, line: String(document['line']), lineBase64: String(document['lineBase64']) };
}
