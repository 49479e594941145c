import { Entry, jsonLine, OptionsError, PayloadError } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import { expect, it } from 'vitest';
import { batchOf, numbered, optionsFor, statuses, TOKEN, unaborted } from './batches.ts';
import { eventsOf, linesOf, startScripted } from './scripted-collector.ts';

it('sends a batch as concatenated JSON events with the token and its channel', async () => {
  await using collector = await startScripted();
  const sink = new SiemSink(optionsFor(collector.url));
  const results = await sink.deliver(batchOf('one "quoted"', 'two\nlines', 'ünï\u2028'), unaborted);
  await sink.close();
  expect(statuses(results)).toEqual(['delivered', 'delivered', 'delivered']);
  expect(collector.requests).toHaveLength(1);
  const [request] = collector.requests;
  expect(request?.path).toBe('/services/collector/event');
  expect(request?.headers.authorization).toBe(`Splunk ${TOKEN}`);
  expect(request?.headers['x-splunk-request-channel']).toMatch(/^[0-9a-f-]{36}$/);
  expect(request && linesOf(request)).toEqual(['one "quoted"', 'two\nlines', 'ünï\u2028']);
});

it('takes time, host, index and the like from configuration and the entry, never from the event', async () => {
  await using collector = await startScripted();
  const origin = { host: 'fw01', source: 'syslog_stream', sourcetype: 'cisco:asa', index: 'firewall' };
  const forged = { host: 'forged', index: 'forged', time: 1, fields: { distributary_id: 'forged' } };
  const sink = new SiemSink(optionsFor(collector.url, { ...origin, event: () => forged }));
  const [item] = batchOf('x');
  await sink.deliver(item ? [item] : [], unaborted);
  await sink.close();
  const [event] = collector.requests.flatMap(eventsOf);
  expect(event).toMatchObject({ time: 1_700_000_000, ...origin, event: forged });
  expect(event?.fields.distributary_entry_id).toBe('1700000000000-0');
  expect(event?.fields.distributary_id).toMatch(/^1700000000000-0-[0-9a-f]{16}$/);
});

it("names an event after its producer's eid, whatever that holds", async () => {
  await using collector = await startScripted();
  const sink = new SiemSink(optionsFor(collector.url));
  const eid = 'a"b\\c\n{}';
  const fields = ['line', 'x', 'eid', eid].map((text) => Buffer.from(text));
  await sink.deliver([{ id: '5-0', entry: new Entry('5-0', fields), payload: 'x' }], unaborted);
  await sink.close();
  expect(collector.requests.flatMap(eventsOf)[0]?.fields).toEqual({
    distributary_id: eid,
    distributary_entry_id: '5-0',
  });
});

it('takes text from a mapping, and the time of the event', async () => {
  await using collector = await startScripted();
  const event = (line: string) => jsonLine(`{"event":{"original":${JSON.stringify(line)}}}`);
  const sink = new SiemSink(optionsFor(collector.url, { event, time: () => 1_234_567_890_123 }));
  await sink.deliver(batchOf('a', 'b'), unaborted);
  await sink.close();
  expect(collector.requests.flatMap(linesOf)).toEqual(['a', 'b']);
  expect(collector.requests.flatMap(eventsOf)[0]?.time).toBe(1_234_567_890.123);
});

it.each([
  ['throws', () => expectNever()],
  ['returns a list', () => []],
  ['returns text with a line break', () => '{"a":1}\n{"b":2}'],
  ['returns text that is no object', () => '"text"'],
])('rejects only the entry whose mapping %s', async (_, broken) => {
  await using collector = await startScripted();
  const event = (line: string) => (line === 'line 3' ? broken() : { event: { original: line } }) as object;
  const sink = new SiemSink(optionsFor(collector.url, { event }));
  const results = await sink.deliver(numbered(10), unaborted);
  await sink.close();
  expect(results.filter(({ status }) => status === 'rejected').map(({ id }) => id)).toEqual(['1700000000003-0']);
  expect(collector.requests.flatMap(linesOf)).toHaveLength(9);
});

it('sends a compressed body when asked to', async () => {
  await using collector = await startScripted();
  const sink = new SiemSink(optionsFor(collector.url, { gzip: true }));
  await sink.deliver(numbered(50), unaborted);
  await sink.close();
  expect(collector.requests[0]?.headers['content-encoding']).toBe('gzip');
  expect(collector.requests.flatMap(linesOf)).toHaveLength(50);
});

it('sends nothing when every mapping failed', async () => {
  await using collector = await startScripted();
  const sink = new SiemSink(optionsFor(collector.url, { event: expectNever }));
  expect(statuses(await sink.deliver(batchOf('a', 'b'), unaborted))).toEqual(['rejected', 'rejected']);
  await sink.close();
  expect(collector.requests).toHaveLength(0);
});

it('keeps the path of the collector and replaces that of the format', async () => {
  await using collector = await startScripted(() => ({ status: 204 }));
  const sink = new SiemSink(optionsFor(`${collector.url}/base/`, { format: 'ndjson', path: '/in' }));
  await sink.deliver(batchOf('a'), unaborted);
  await sink.close();
  expect(collector.requests[0]?.path).toBe('/base/in');
  expect(collector.requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
});

it('sends a JSON array that holds every event once', async () => {
  await using collector = await startScripted(() => ({ status: 202 }));
  const sink = new SiemSink(optionsFor(collector.url, { format: 'json' }));
  await sink.deliver(batchOf('a', 'b'), unaborted);
  await sink.close();
  const events = JSON.parse(String(collector.requests[0]?.body)) as { event: unknown }[];
  expect(events.map(({ event }) => event)).toEqual([{ event: { original: 'a' } }, { event: { original: 'b' } }]);
});

it('gives a delivery up when its signal aborts', async () => {
  await using collector = await startScripted(() => undefined);
  const sink = new SiemSink(optionsFor(collector.url));
  const abort = new AbortController();
  const delivery = sink.deliver(batchOf('a'), abort.signal);
  const outcome = expect(delivery).rejects.toThrow('enough');
  await expect.poll(() => collector.requests.length).toBe(1);
  abort.abort(new Error('enough'));
  await outcome;
  await sink.close();
});

it.each([
  ['an address that is not HTTP', { url: 'file:///etc/passwd' }, /SIEM_URL/],
  ['credentials in the URL', { url: 'http://user:pass@host' }, /SIEM_TOKEN/],
  ['a link-local address', { url: 'http://169.254.169.254' }, /link-local/],
  ['a link-local address in disguise', { url: 'http://[::ffff:a9fe:a9fe]' }, /link-local/],
  ['a link-local IPv6 address', { url: 'http://[fe80::1]' }, /link-local/],
  ['HEC without a token', { token: undefined }, /SIEM_TOKEN_FILE/],
  ['acknowledgement without HEC', { format: 'json', acknowledgement: true }, /SIEM_ACK/],
  ['an unknown option', { colour: 'red' }, /colour/],
] as const)('refuses %s, saying what to do', (_, wrong, advice) => {
  const create = () => new SiemSink(optionsFor('http://127.0.0.1:1', wrong as object));
  expect(create).toThrow(OptionsError);
  expect(create).toThrow(advice);
});

function expectNever(): never {
  throw new PayloadError('This line makes no sense. Mend it.');
}
