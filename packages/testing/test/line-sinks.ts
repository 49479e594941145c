import { delivered, type Entry, eventIdentity, rejected, type Sink, SinkUnavailableError } from '@distributary/core';

/** The smallest honest sinks: they prove the suite and the stand-ins, not themselves. */
export function bulkSink(url: string, index: string): Sink<Entry> {
  return {
    name: 'bulk',
    async deliver(batch, signal) {
      if (batch.length === 0) return [];
      const lines = batch.flatMap(({ entry }) => [
        JSON.stringify({ create: { _id: eventIdentity(entry) } }),
        JSON.stringify(documentOf(entry)),
      ]);
      const response = await post(`${url}/${index}/_bulk`, `${lines.join('\n')}\n`, signal);
      const { items } = (await response.json()) as { items: { create: { status: number } }[] };
      if (items.length !== batch.length) throw new SinkUnavailableError('The answer is of another length. Try again.');
      return batch.map(({ id }, i) => {
        const status = items[i]?.create.status;
        return status === 201 || status === 409 ? delivered(id) : rejected(id, new Error(`status ${status}`));
      });
    },
  };
}

export function collectorSink(url: string): Sink<Entry> {
  return {
    name: 'collector',
    async deliver(batch, signal) {
      const events = batch.map(({ entry }) => ({
        id: entry.id,
        text: JSON.stringify({ fields: { distributary_id: eventIdentity(entry) }, event: documentOf(entry) }),
      }));
      return Promise.all(
        events.map(async ({ id, text }) => {
          const response = await post(`${url}/services/collector/event`, text, signal);
          const { code } = (await response.json()) as { code: number };
          return code === 0 ? delivered(id) : rejected(id, new Error(`code ${code}`));
        }),
      );
    },
  };
}

function documentOf(entry: Entry) {
  const bytes = entry.bytes('line') ?? Buffer.alloc(0);
  return { line: bytes.toString('utf8'), lineBase64: bytes.toString('base64') };
}

async function post(url: string, body: string, signal: AbortSignal): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/x-ndjson' }, signal });
}
