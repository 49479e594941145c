import { type EntryId, RedisConnection, type RedisOptions } from '@distributary/core';
import { describeWithRedisProcess, startRedis } from '@distributary/testing';
import { expect, it } from 'vitest';
import type { ConsumerRedis, DeadLetter } from './simulation/core-ports.ts';
import { Random } from './simulation/random.ts';
import { type Flavour, RedisModel, type RedisWitness } from './simulation/redis-model.ts';
import type { StreamEntry } from './simulation/stream-entry.ts';

const STREAM = 'stream';
const GROUP = 'team';
const CONSUMERS = ['first', 'second'] as const;
const STEPS = 400;

/** Always, or never. */
const IDLE_MS = [0, 1_000_000];

const WITNESS: RedisWitness = {
  acknowledged: () => undefined,
  setAside: () => undefined,
  cleared: () => undefined,
  takenOver: () => undefined,
  trimmed: () => undefined,
  begun: () => undefined,
  moved: () => undefined,
  excused: () => undefined,
};

/** By its address, for it is no part of the public API. */
const CONSUMER_REDIS = new URL('../packages/core/src/consumer-redis.ts', import.meta.url).href;

type Identity = { stream: string; group: string; consumer: string; redis: RedisOptions };

describeWithRedisProcess('the modelled Redis', () => {
  it.each([1, 2, 3, 4, 5])('answers as the real one does (%i)', async (seed) => {
    await using redis = await startRedis();
    const { consumerRedis } = (await import(CONSUMER_REDIS)) as { consumerRedis(identity: Identity): ConsumerRedis };
    const options = { url: redis.url };
    const commands = new RedisConnection(options, 'test');
    const connect: Connect = (consumer) => consumerRedis({ stream: STREAM, group: GROUP, consumer, redis: options });
    const own = CONSUMERS.map(connect);
    try {
      await compare(new Random(seed), commands, { own, connect });
    } finally {
      for (const one of [...own, commands]) one.close();
    }
  });
});

type Connect = (consumer: string) => ConsumerRedis;

async function compare(
  random: Random,
  commands: RedisConnection,
  { own, connect }: { own: readonly ConsumerRedis[]; connect: Connect },
): Promise<void> {
  let now = 1_000_000;
  const model = new RedisModel(await flavourOf(commands), () => now, WITNESS);
  const entries: StreamEntry[] = [];
  const some = () => entries.filter(() => random.chance(0.3)).slice(-20);
  const idsOf = (them: readonly StreamEntry[]) => them.map(({ entry }) => entry.id);
  const anyId = (): EntryId => (random.chance(0.3) ? '0-0' : (random.pick(entries)?.entry.id ?? '0-0'));
  for (let step = 0; step < STEPS; step++) {
    now += random.between(0, 2);
    const i = random.between(0, 1);
    const consumer = CONSUMERS[i] as string;
    const { group } = own[i] as ConsumerRedis;
    const count = random.between(1, 5);
    const same = async (what: string, modelled: () => unknown, real: () => Promise<unknown>) => {
      expect(await said(async () => real()), `${what} at step ${step}`).toEqual(await said(async () => modelled()));
    };
    switch (random.pick(OPERATIONS)) {
      case 'add': {
        const entry = model.add(step, 'plain', (added) => entries.push(added));
        await commands.call('XADD', STREAM, entry.entry.id, ...[...entry.entry.fields()].flat());
        break;
      }
      case 'trim': {
        model.trim(count);
        await commands.call('XTRIM', STREAM, 'MAXLEN', count);
        break;
      }
      case 'readNew':
        await same(
          'a read',
          () => model.readNew(GROUP, consumer, count),
          () => group.readNew(count),
        );
        break;
      case 'readOwn': {
        const after = anyId();
        await same(
          'an own read',
          () => model.readOwn(GROUP, consumer, after, count),
          () => group.readOwn(after, count),
        );
        break;
      }
      case 'claim': {
        const [cursor, idleMs] = [anyId(), random.pick(IDLE_MS)];
        const modelled = () => model.claimIdle(GROUP, consumer, cursor, idleMs, count);
        await same('a claim', modelled, () => group.claimIdle(cursor, idleMs, count));
        break;
      }
      case 'counts': {
        const ids = idsOf(some());
        await same(
          'counts',
          () => model.deliveryCounts(GROUP, consumer, ids),
          () => group.deliveryCounts(ids),
        );
        break;
      }
      case 'touch': {
        const ids = idsOf(some());
        if (ids.length > 0)
          await same(
            'a touch',
            () => model.touch(GROUP, consumer, ids),
            () => group.touch(ids),
          );
        break;
      }
      case 'acknowledge': {
        const ids = idsOf(some());
        await same(
          'acknowledging',
          () => model.acknowledge(GROUP, consumer, ids),
          async () => group.acknowledge(ids, (await group.verify([])).epoch),
        );
        break;
      }
      case 'setAside': {
        const letters = some().map(
          ({ entry }): DeadLetter => ({ entry, verdict: 'rejected', reason: '', attempts: 1 }),
        );
        if (letters.length === 0) break;
        const entryOf = ({ entry }: DeadLetter) => entries.find((one) => one.entry === entry) as StreamEntry;
        const ids = letters.map(({ entry }) => entry.id);
        const modelled = () => model.setAside(GROUP, consumer, letters, ids, entryOf);
        await same('setting aside', modelled, async () =>
          group.setAside(letters, { ids, epoch: (await group.verify([])).epoch }),
        );
        break;
      }
      case 'handBack': {
        const modelled = () => model.handBack(GROUP, consumer, model.pendingOf(GROUP, consumer));
        const leaving = connect(consumer);
        await same('handing back', modelled, () => leaving.group.handBack({ releases: false }));
        await same(
          'leaving',
          () => model.leave(GROUP, consumer),
          () => leaving.group.leave(),
        );
        leaving.close();
        break;
      }
      case 'note': {
        const id = anyId();
        const times = random.between(0, 2);
        await same(
          'a note',
          () => model.noteAlone(GROUP, id, times),
          () => group.noteAlone(id, times),
        );
        await same(
          'a note',
          () => model.timesAlone(GROUP, id),
          () => group.timesAlone(id),
        );
        break;
      }
      case 'survey': {
        const upTo = anyId();
        await same(
          'a survey',
          () => model.survey(GROUP, upTo),
          () => group.survey(upTo),
        );
        break;
      }
      case 'move': {
        const to = anyId();
        if (random.chance(0.3)) {
          await same(
            'a move',
            () => model.moveTo(GROUP, to),
            () => group.moveTo(to),
          );
        }
        break;
      }
      case 'loss':
        await same(
          'the loss',
          () => model.unreadLoss(GROUP),
          () => group.unreadLoss(),
        );
        break;
      case 'vanish': {
        if (random.chance(0.7)) break;
        const whole = random.chance(0.5);
        if (whole) model.deleteStream();
        else model.destroyGroup(GROUP);
        if (whole) await commands.call('DEL', STREAM);
        else await commands.call('XGROUP', 'DESTROY', STREAM, GROUP).catch(() => undefined);
        break;
      }
      case 'create': {
        const from = random.pick(['beginning', 'beginning', 'now'] as const);
        await same(
          'creating',
          () => model.create(GROUP, from),
          () => group.create(from),
        );
        break;
      }
    }
  }
}

const OPERATIONS = [
  'add',
  'add',
  'add',
  'trim',
  'readNew',
  'readNew',
  'readOwn',
  'claim',
  'counts',
  'touch',
  'acknowledge',
  'setAside',
  'handBack',
  'note',
  'loss',
  'survey',
  'survey',
  'move',
  'vanish',
  'create',
] as const;

/** The reply in a form to compare, or the kind of error. */
async function said(run: () => Promise<unknown>): Promise<unknown> {
  try {
    const reply = (await run()) ?? null;
    if (reply instanceof Map) return [...reply];
    if (typeof reply !== 'object' || reply === null) return reply;
    if ('lastGenerated' in reply) return { ...reply, entry: (reply as { entry?: { id: EntryId } }).entry?.id };
    if (!('entries' in reply)) return reply;
    const { epoch: _, ...page } = reply as { epoch?: string; entries: unknown };
    return { ...page, entries: (reply.entries as { id: EntryId }[]).map(({ id }) => id) };
  } catch (thrown) {
    return (thrown as Error).name;
  }
}

async function flavourOf(commands: RedisConnection): Promise<Flavour> {
  const info = String(await commands.call('INFO', 'server'));
  const version = Number(/redis_version:(\d+\.\d+)/.exec(info)?.[1]);
  return version < 7 ? '6.2' : version < 7.2 ? '7.0' : '7.2';
}
