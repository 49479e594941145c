import { lineOf, originJson } from '@distributary/core';
import { ElasticsearchSink, syslogTemplate } from '@distributary/sink-elasticsearch';
import { describeSink, dockerAnswers, type ElasticsearchFixture, startElasticsearch } from '@distributary/testing';
import { afterAll } from 'vitest';
import { ownIndex } from './own-index.ts';

/** Against the stand-in, with every fault; and where a real server is given, or Docker can start one, there too. */
contract('the stand-in', await startElasticsearch({ standIn: true }));
if (process.env['ELASTICSEARCH_URL'] || dockerAnswers()) {
  contract('a real server', await startElasticsearch({ preferContainer: true }));
}

function contract(where: string, server: ElasticsearchFixture): void {
  afterAll(() => server[Symbol.asyncDispose]());
  for (const dataStream of [false, true]) {
    describeSink(`ElasticsearchSink into ${dataStream ? 'a data stream' : 'an index a day'} of ${where}`, async () => {
      const index = ownIndex(server, dataStream ? '' : '{yyyy.MM.dd}');
      return {
        ...index,
        sink: new ElasticsearchSink<string>({
          ...index.connection,
          index: index.name,
          template: syslogTemplate({ dataStream }),
          document: (line, entry) => ({
            '@timestamp': new Date(entry.timestamp).toISOString(),
            event: { original: line },
            distributary: JSON.parse(originJson(entry, line)),
          }),
        }),
        decode: lineOf,
      };
    });
  }
}
