import type { EntryId, GroupStatus, ServerProbe } from '@distributary/core';
import { CheckpointFileModel } from './checkpoint-file-model.ts';
import { ConnectionModel, refusal } from './connection-model.ts';
import type {
  ClaimedPage,
  ConsumerRedis,
  DeadLetter,
  Group,
  HandedBack,
  OwnPage,
  Page,
  Survey,
  UnreadLoss,
} from './core-ports.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** A process's group, over two connections as in the core: blocked reads would hold up everything else. */
export class GroupModel implements Group, ConsumerRedis {
  readonly group: Group = this;
  readonly checkpoints: ConsumerRedis['checkpoints'];
  readonly #world: World;
  readonly #process: Process;
  readonly #reader: ConnectionModel;
  readonly #commands: ConnectionModel;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
    this.#reader = new ConnectionModel(world, process);
    this.#commands = new ConnectionModel(world, process);
    const { group } = process.seat;
    const { redis, scenario } = world;
    this.checkpoints = {
      beside: {
        load: () => this.#commands.call('HGET', () => redis.checkpoint(group)),
        save: (checkpoint) => this.#save(() => redis.saveCheckpoint(group, checkpoint)),
        saveRecreation: () => this.#save(() => undefined),
      },
      outside: scenario.checkpointFile ? new CheckpointFileModel(world, process) : undefined,
    };
  }

  /** Every connection of the process breaks. */
  discard(why: string): void {
    this.#reader.discard(why);
    this.#commands.discard(why);
  }

  close(): void {
    this.#reader.close();
    this.#commands.close();
  }

  probe(): Promise<ServerProbe> {
    const server = {
      description: 'Redis',
      autoclaim: true,
      releases: this.#world.redis.releases,
      evictionPolicy: 'noeviction',
      persistence: 'append-only file',
    } as const;
    return this.#commands.call('INFO', () => ({ server, warnings: [] }));
  }

  status(): Promise<GroupStatus> {
    return Promise.reject(new Error('Nobody asks for the status in a simulation.'));
  }

  connect(): Promise<number> {
    return this.#reader.connect();
  }

  create(startFrom: 'beginning' | 'now'): Promise<boolean> {
    const { redis } = this.#world;
    const { group } = this.#process.seat;
    return this.#commands.call('XGROUP CREATE', () => {
      if (redis.hasGroup(group)) return false;
      this.#refuseWhenFull('XGROUP');
      return redis.create(group, startFrom);
    });
  }

  survey(upTo: EntryId): Promise<Survey | undefined> {
    const { group } = this.#process.seat;
    return this.#commands.call('EXEC (survey)', () => this.#world.redis.survey(group, upTo));
  }

  moveTo(lastDelivered: EntryId): Promise<void> {
    const { group } = this.#process.seat;
    return this.#commands.call('XGROUP SETID', () => this.#world.redis.moveTo(group, lastDelivered));
  }

  unreadLoss(): Promise<UnreadLoss | undefined> {
    const { redis, oracle } = this.#world;
    return this.#commands.call('XINFO', () => {
      const loss = redis.unreadLoss(this.#process.seat.group);
      oracle.looked(this.#process, loss);
      return loss;
    });
  }

  readNew(count: number, blockMs?: number): Promise<Page> {
    const { redis } = this.#world;
    const { group } = this.#process.seat;
    const consumer = this.#process.name;
    const run = () => redis.readNew(group, consumer, count);
    if (blockMs === undefined) return this.#reader.call('XREADGROUP', run);
    return this.#reader.callBlocking('XREADGROUP', run, blockMs, { group, consumer, count });
  }

  readOwn(after: EntryId, count: number): Promise<OwnPage> {
    const { group } = this.#process.seat;
    return this.#reader.call('XREADGROUP (own)', () =>
      this.#world.redis.readOwn(group, this.#process.name, after, count),
    );
  }

  claimIdle(cursor: EntryId, idleMs: number, count: number): Promise<ClaimedPage> {
    const { group } = this.#process.seat;
    const { name } = this.#process;
    return this.#reader.call('XAUTOCLAIM', () => this.#world.redis.claimIdle(group, name, cursor, idleMs, count));
  }

  deliveryCounts(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, number>> {
    const { group } = this.#process.seat;
    return this.#commands.call('XPENDING', () => this.#world.redis.deliveryCounts(group, this.#process.name, ids));
  }

  touch(ids: readonly EntryId[]): Promise<void> {
    const { group } = this.#process.seat;
    return this.#commands.call('XCLAIM', () => this.#world.redis.touch(group, this.#process.name, ids));
  }

  acknowledge(ids: readonly EntryId[]): Promise<number> {
    const { group } = this.#process.seat;
    return this.#commands.call('XACK', () => this.#world.redis.acknowledge(group, this.#process.name, ids));
  }

  setAside(letters: readonly DeadLetter[]): Promise<number> {
    const { redis, entries } = this.#world;
    const { group } = this.#process.seat;
    return this.#commands.call('EXEC', () => {
      this.#refuseWhenFull('EXEC');
      return redis.setAside(group, this.#process.name, letters, ({ entry }) => entries.of(entry));
    });
  }

  timesAlone(id: EntryId): Promise<number> {
    return this.#commands.call('HGET', () => this.#world.redis.timesAlone(this.#process.seat.group, id));
  }

  noteAlone(id: EntryId, times: number): Promise<void> {
    const { redis, oracle } = this.#world;
    const { group } = this.#process.seat;
    return this.#commands.call(times > 0 ? 'HSET' : 'HDEL', () => {
      if (times > 0) this.#refuseWhenFull('HSET');
      oracle.noted(this.#process, id, redis.timesAlone(group, id), times);
      redis.noteAlone(group, id, times);
    });
  }

  async handBack(): Promise<HandedBack> {
    const { redis } = this.#world;
    const { group } = this.#process.seat;
    const { name } = this.#process;
    this.#reader.close();
    const ids = await this.#commands.call('XPENDING', () => redis.pendingOf(group, name));
    if (ids.length === 0) return { count: 0, lost: [] };
    return this.#commands.call(redis.releases ? 'XNACK' : 'EXEC', () => redis.handBack(group, name, ids));
  }

  leave(): Promise<boolean> {
    return this.#commands.call('EVAL', () => this.#world.redis.leave(this.#process.seat.group, this.#process.name));
  }

  #save(run: () => void): Promise<void> {
    return this.#commands.call('HSET', () => {
      this.#refuseWhenFull('HSET');
      run();
    });
  }

  #refuseWhenFull(command: string): void {
    if (this.#world.redis.full) throw refusal(`OOM ${command}`);
  }
}
