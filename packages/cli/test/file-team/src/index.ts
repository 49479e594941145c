import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { consumerFromEnvironment, delivered, lineOf, rejected, StreamConsumer } from '@distributary/core';

/**
 * A team whose destination is the file that FILE_TEAM_OUTPUT names; a line `slow …` takes it a minute to write, unless
 * FILE_TEAM_QUICK is set, and a line `bad …` is refused until there is a file of that name with `.mended` behind it.
 */
export default class FileConsumer extends StreamConsumer<string> {
  constructor(environment: NodeJS.ProcessEnv) {
    const file = environment['FILE_TEAM_OUTPUT'];
    const slow = environment['FILE_TEAM_QUICK'] ? undefined : 'slow';
    if (!file) throw new TypeError('FILE_TEAM_OUTPUT is not set');
    super({
      ...consumerFromEnvironment(environment),
      stream: 'cli_stream',
      group: 'file_team',
      decode: lineOf,
      sink: {
        name: 'file',
        async deliver(batch, signal) {
          if (slow && batch.some(({ payload }) => payload.startsWith(slow))) await sleep(60_000, undefined, { signal });
          const isBad = (line: string) => line.startsWith('bad') && !existsSync(`${file}.mended`);
          const good = batch.filter(({ payload }) => !isBad(payload));
          await appendFile(file, good.map(({ payload }) => `${payload}\n`).join(''));
          return batch.map(({ id, payload }) =>
            isBad(payload) ? rejected(id, new Error('a bad line')) : delivered(id),
          );
        },
      },
    });
  }
}

export function preview(line: string): string {
  if (line === 'throw') throw new Error('cannot map this');
  return JSON.stringify({ mapped: line });
}
