import { lineOf, originJson, Secret } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import { describeSink, startCollector } from '@distributary/testing';
import { TOKEN } from './batches.ts';

for (const ack of [false, true]) {
  const create = async () => {
    const collector = await startCollector({ standIn: true, token: TOKEN, ack });
    return {
      sink: new SiemSink<string>({
        url: collector.url,
        token: new Secret(TOKEN),
        acknowledgement: ack && { pollMs: 10 },
        event: (line, entry) => ({ line, origin: JSON.parse(originJson(entry, line)) }),
      }),
      decode: lineOf,
      faults: collector.faults,
      stored: async () =>
        (await collector.stored()).map(({ id, document }) => {
          const { line, origin } = document['event'] as { line: string; origin: { line_base64?: string } };
          return { identity: id, line, lineBase64: origin.line_base64 };
        }),
      [Symbol.asyncDispose]: () => collector[Symbol.asyncDispose](),
    };
  };
  describeSink(ack ? 'SiemSink with acknowledgement' : 'SiemSink', create, { redelivered: 'again' });
}
