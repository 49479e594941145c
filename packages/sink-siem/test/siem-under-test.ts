import { lineOf, originJson, Secret } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import { type SinkUnderTest, startCollector } from '@distributary/testing';
import { TOKEN } from './batches.ts';

/** A sink on a collector of its own. @param ack whether the collector acknowledges, and the sink waits for that */
export async function siemUnderTest(ack: boolean): Promise<SinkUnderTest<string>> {
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
}
