import { type DecodedEntry, type DeliveryResult, delivered, Entry, type EntryId, type Sink } from '@distributary/core';
import { describeSink, type StoredDocument, startElasticsearch } from '@distributary/testing';
import { bulkSink } from '../line-sinks.ts';

type Deliver = Sink<Entry>['deliver'];

let deliveries = 0;

/** Each breaks the contract in one way, around a sink that keeps it. */
const BROKEN: Readonly<Record<string, (deliver: Deliver) => Deliver>> = {
  'calls everything delivered': (deliver) => async (batch, signal) => {
    await deliver(batch, signal).catch(() => undefined);
    return batch.map(({ id }) => delivered(id));
  },
  'trims lines': (deliver) => (batch, signal) =>
    deliver(
      batch.map((one) => storedAs(one, one.id, Buffer.from(one.entry.text('line')?.trim() ?? ''))),
      signal,
    ),
  'asks for what was refused again': (deliver) => async (batch, signal) =>
    (await deliver(batch, signal)).map(
      (result): DeliveryResult => (result.status === 'rejected' ? { ...result, status: 'retry' } : result),
    ),
  'is deaf to its signal': (deliver) => (batch) => deliver(batch, new AbortController().signal),
  'stores under another identity each time': (deliver) => (batch, signal) => {
    deliveries++;
    return deliver(
      batch.map((one) => storedAs(one, `${deliveries}-${one.id.split('-')[1]}` as EntryId, one.entry.bytes('line'))),
      signal,
    );
  },
};

for (const [name, broken] of Object.entries(BROKEN)) {
  describeSink(name, async () => {
    const server = await startElasticsearch({ standIn: true });
    const stored = async () => (await server.stored()).map(asStoredEntry);
    const honest = bulkSink(server.url, 'lines');
    const deliver = broken((batch, signal) => honest.deliver(batch, signal));
    return { ...server, sink: { name, deliver }, decode: (entry) => entry, stored };
  });
}

/** The entry under its own ID for the sink, and with another ID and line for the destination. */
function storedAs(one: DecodedEntry<Entry>, id: EntryId, line: Buffer = Buffer.alloc(0)): DecodedEntry<Entry> {
  return { ...one, entry: new Entry(id, [Buffer.from('line'), line]) };
}

function asStoredEntry({ id, document }: StoredDocument) {
  return { identity: id, line: String(document['line']), lineBase64: String(document['lineBase64']) };
}
