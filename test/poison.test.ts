import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupKey, readDeadLetter } from '@distributary/core';
import { describeWithRedisProcess, startRedis, temporaryFolder, until } from '@distributary/testing';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { startCommand } from './commands.ts';
import { entryIds, entryOf, House, NOC, SECURITY, STREAM } from './house.ts';
import { firewallLines } from './lines.ts';

describeWithRedisProcess('a poison entry is dead-lettered and the rest flow', () => {
  it('refused by one destination: one dead letter there, with its bytes and the reason, and a full copy elsewhere', async () => {
    await using house = await House.open();
    await house.elasticsearch.faults?.set({ kind: 'items', status: 400, containing: 'poison-' });
    house.run(NOC, SECURITY);
    const good = await house.add(firewallLines(600));
    const [poison] = (await house.add(firewallLines(1, 'poison'))) as [string];
    const more = await house.add(firewallLines(600, 'later'));

    await until(async () => entryIds(await house.nocCopies()).length === good.length + more.length, {
      timeoutMs: 30_000,
    });
    await until(async () => entryIds(await house.securityCopies()).length === good.length + more.length + 1);
    const key = groupKey(STREAM, 'noc_team', 'dead-letters');
    const [stored] = await until(async () => {
      const letters = await house.admin.xrangeBuffer(key, '-', '+');
      return letters.length > 0 && letters;
    });
    const { envelope, entry } = readDeadLetter(entryOf(stored as unknown as [Buffer, Buffer[]]));
    expect(envelope).toMatchObject({ entryId: poison, group: 'noc_team', verdict: 'rejected' });
    expect(envelope.reason).toMatch(/400|document_parsing/);
    expect(entry.text('line')).toBe(firewallLines(1, 'poison')[0]);
    expect(await house.admin.xlen(key)).toBe(1);
    expect(await house.status('sec_team')).toMatchObject({ deadLetters: 0 });
    await until(async () => (await house.status('noc_team')).pending === 0);
  });

  it('an entry without a line is a dead letter of both teams that says what is missing', async () => {
    await using house = await House.open();
    house.run(NOC, SECURITY);
    await house.admin.xadd(STREAM, '*', 'massage', 'no such field');
    const after = await house.add(firewallLines(10));
    await until(async () => entryIds(await house.nocCopies()).length === after.length);
    await until(async () => entryIds(await house.securityCopies()).length === after.length);
    for (const group of ['noc_team', 'sec_team'] as const) {
      await until(async () => (await house.status(group)).deadLetters === 1);
      const [[, fields]] = (await house.admin.xrange(groupKey(STREAM, group, 'dead-letters'), '-', '+')) as [
        [string, string[]],
      ];
      expect(fields[1]).toContain('no field \\"line\\"');
      expect(fields.slice(2)).toEqual(['massage', 'no such field']);
    }
  });
});

describeWithRedisProcess('a poison entry in a process of distributary run', () => {
  it.concurrent.each([
    ['ends the process', 'process.exit(3)'],
    ['never lets the process go', 'for (;;);'],
  ])('that %s is found alone and dead-lettered, and the rest arrive', async (_, fate) => {
    await using redis = await startRedis({ requireProcess: true });
    await using folder = await temporaryFolder();
    const admin = new Redis(redis.url);
    await writePoisonedTeam(folder.path, fate);
    await using team = startCommand(['run', folder.path, '--stall-timeout', '1'], {
      REDIS_URL: redis.url,
      DISTRIBUTARY_CLAIM_IDLE_MS: '1500',
      DISTRIBUTARY_METRICS_PORT: '0',
    });
    const lines = [...firewallLines(20, 'before'), 'poison', ...firewallLines(20, 'after')];
    for (const line of lines) await admin.xadd('poisoned', '*', 'line', line);
    const letters = groupKey('poisoned', 'poisoned_team', 'dead-letters');
    await until(async () => (await admin.xlen(letters)) === 1, { timeoutMs: 90_000, describe: 'the dead letter' });
    await until(async () => new Set(await admin.lrange('delivered', 0, -1)).size === lines.length - 1);
    const [letter] = await admin.xrangeBuffer(letters, '-', '+');
    const { envelope, entry } = readDeadLetter(entryOf(letter as [Buffer, Buffer[]]));
    expect(envelope).toMatchObject({ group: 'poisoned_team', verdict: 'crashed' });
    expect(entry.text('line')).toBe('poison');
    expect(team.log().some(({ msg }) => String(msg).includes('an entry became a dead letter'))).toBe(true);
    admin.disconnect();
  });
});

/** A team whose `decode` meets its fate at the line `poison`, and whose destination is a list of its Redis. */
async function writePoisonedTeam(folder: string, fate: string): Promise<void> {
  const core = import.meta.resolve('@distributary/core');
  const distributary = { stream: 'poisoned', group: 'poisoned_team', owner: 'tests' };
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'poisoned-team', type: 'module', exports: './index.js', distributary }),
  );
  await writeFile(
    join(folder, 'index.js'),
    `import { consumerFromEnvironment, delivered, RedisConnection, StreamConsumer } from '${core}';
    export default class extends StreamConsumer {
      constructor(environment) {
        const consumer = consumerFromEnvironment(environment);
        const store = new RedisConnection(consumer.redis, 'store');
        super({
          ...consumer, stream: 'poisoned', group: 'poisoned_team',
          decode: (entry) => { const line = entry.text('line'); if (line === 'poison') ${fate}; return line; },
          sink: {
            name: 'list',
            deliver: async (batch) => {
              await store.call('RPUSH', 'delivered', ...batch.map(({ payload }) => payload));
              return batch.map(({ id }) => delivered(id));
            },
            close: async () => store.close(),
          },
        });
      }
    }`,
  );
}
