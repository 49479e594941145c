import type { StoredDocument } from './document-store.ts';

/** As `@elastic/elasticsearch` takes it. */
export interface ElasticsearchAuth {
  readonly apiKey?: string;
  readonly username?: string;
  readonly password?: string;
}

interface Page {
  readonly _scroll_id: string;
  readonly hits: { readonly hits: readonly { _index: string; _id: string; _source: Record<string, unknown> }[] };
}

const PAGE_SIZE = 1_000;

/** Every document of those indices, read from a real server. @throws Error with the server's answer when it refuses */
export async function readAllDocuments(
  url: string,
  indices: string,
  auth: ElasticsearchAuth,
): Promise<StoredDocument[]> {
  const post = (path: string, body?: object) => request(url + path, body, auth);
  const missingIsEmpty = 'ignore_unavailable=true&allow_no_indices=true';
  await post(`/${indices}/_refresh?${missingIsEmpty}`);
  const first = { size: PAGE_SIZE, sort: ['_doc'] };
  let page = (await post(`/${indices}/_search?scroll=1m&${missingIsEmpty}`, first)) as Page;
  const documents: StoredDocument[] = [];
  while (page.hits.hits.length > 0) {
    for (const { _id, _index, _source } of page.hits.hits)
      documents.push({ id: _id, index: _index, document: _source });
    page = (await post('/_search/scroll', { scroll: '1m', scroll_id: page._scroll_id })) as Page;
  }
  return documents;
}

async function request(
  url: string,
  body: object | undefined,
  { apiKey, username, password }: ElasticsearchAuth,
): Promise<unknown> {
  const basic = username ? `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` : undefined;
  const authorization = apiKey ? `ApiKey ${apiKey}` : basic;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(`${new URL(url).pathname} was answered ${response.status}: ${await response.text()}`);
  return response.json();
}
