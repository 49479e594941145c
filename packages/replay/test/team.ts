import {
  delivered,
  lineOf,
  RedisConnection,
  type RedisOptions,
  rejected,
  SinkHoldError,
  StreamConsumer,
} from '@distributary/core';

export const GROUP = 'noc_team';

/** What a process of the test team is told. */
export interface TeamEnvironment {
  readonly url: string;
  readonly stream: string;
  readonly consumer: string;
  readonly username?: string;
  readonly claimIdleMs?: number;
  readonly deadLetterQuota?: number;
  /** The list that it writes to; default `<stream>:received`. */
  readonly TEAM_LIST?: string;
}

/**
 * A team whose destination is a list in Redis. It refuses lines `bad …` until there is a key `<stream>:mended`, and takes
 * nothing while there is a key `<stream>:away` or `<stream>:held`. A line `exit` ends its process.
 */
export class Team extends StreamConsumer<string> {
  constructor({ url, stream, consumer, username, claimIdleMs = 1_500, deadLetterQuota, TEAM_LIST }: TeamEnvironment) {
    const list = TEAM_LIST ?? `${stream}:received`;
    const redis: RedisOptions = { url, ...(username ? { username } : {}) };
    const store = new RedisConnection({ url }, 'store');
    super({
      ...{ redis, stream, group: GROUP, consumer, decode: lineOf },
      claim: { idleMs: claimIdleMs, renewMs: 400 },
      ...(deadLetterQuota ? { deadLetterQuota } : {}),
      sink: {
        name: 'list',
        async deliver(batch) {
          if (batch.some(({ payload }) => payload === 'exit')) process.exit(3);
          const [mended, away, held] = await Promise.all(
            ['mended', 'away', 'held'].map((state) => store.call('EXISTS', `${stream}:${state}`)),
          );
          if (held === 1) throw new SinkHoldError('It takes nothing.', 'Mend it.');
          if (away === 1) throw new Error('The destination is away.');
          const isBad = (line: string) => line.startsWith('bad') && mended === 0;
          const good = batch.filter(({ payload }) => !isBad(payload)).map(({ payload }) => payload);
          if (good.length > 0) await store.call('RPUSH', list, ...good);
          return batch.map(({ id, payload }) =>
            isBad(payload) ? rejected(id, new Error('a bad line')) : delivered(id),
          );
        },
        async close() {
          store.close();
        },
      },
    });
  }
}
