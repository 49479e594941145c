type Body = string | Uint8Array<ArrayBuffer>;

/** An answer of a stand-in, its body parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into, not typed.
  readonly body: any;
}

export async function request(method: string, url: string, body?: Body, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) });
  return answerOf(response);
}

export function post(url: string, body: Body, headers: Record<string, string> = {}): Promise<Answer> {
  return request('POST', url, body, headers);
}

export async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return request('GET', url, undefined, headers);
}

/** Lines of a bulk request: each action with its document. */
export function bulkBody(
  ...actions: readonly (readonly [op: string, id: string | undefined, document: object])[]
): string {
  const lines = actions.flatMap(([op, id, document]) => [{ [op]: id === undefined ? {} : { _id: id } }, document]);
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
