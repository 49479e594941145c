import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A destination that stores nothing and answers what a healthy one would: a valid `_bulk` answer with a status per
 * item, or the collector's success. Runs in a process of its own, so that its cost is nobody else's.
 */
const NEWLINE = 0x0a;
const bulkAnswers = new Map<number, string>();

const server = createServer((request, response) => {
  let lines = 0;
  request.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
  });
  request.on('end', () => {
    if (request.url?.includes('_bulk')) answer(response, bulkAnswer(lines / 2));
    else if (request.url?.startsWith('/services/collector')) answer(response, '{"text":"Success","code":0}');
    else answer(response, '{"version":{"number":"9.5.3"},"tagline":"You Know, for Search"}');
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on('disconnect', () => process.exit(0));

function bulkAnswer(documents: number): string {
  const known = bulkAnswers.get(documents);
  if (known) return known;
  const items = Array.from({ length: documents }, () => '{"create":{"status":201}}').join(',');
  const text = `{"errors":false,"items":[${items}]}`;
  bulkAnswers.set(documents, text);
  return text;
}

function answer(response: ServerResponse, body: string): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-elastic-product': 'Elasticsearch',
  });
  response.end(body);
}
