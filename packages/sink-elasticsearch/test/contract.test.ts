import { lineOf, originJson } from '@distributary/core';
import { ElasticsearchSink, syslogTemplate } from '@distributary/sink-elasticsearch';
import { describeSink } from '@distributary/testing';
import { ownIndex } from './own-index.ts';

for (const dataStream of [false, true]) {
  describeSink(dataStream ? 'ElasticsearchSink into a data stream' : 'ElasticsearchSink', async () => {
    const index = await ownIndex(dataStream ? '' : '{yyyy.MM.dd}');
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
