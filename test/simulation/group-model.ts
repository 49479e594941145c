import type { Entry, EntryId, GroupStatus, ServerProbe } from '@distributary/core';
import { CheckpointFileModel } from './checkpoint-file-model.ts';
import { ConnectionModel, refusal } from './connection-model.ts';
import type {
  ClaimedPage,
  ConsumerRedis,
  DeadLetter,
  Group,
  HandedBack,
  InEpoch,
  OwnPage,
  Page,
  SameEntries,
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
  #creations = 0;

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

  async connect(): Promise<number> {
    const generation = await this.#reader.connect();
    await this.#commands.connect();
    return generation;
  }

  isCurrent(epoch: string): boolean {
    return this.#commands.openGeneration !== undefined && epoch === this.#epoch;
  }

  async verify(entries: readonly Entry[]): Promise<SameEntries> {
    await this.#commands.connect();
    const epoch = this.#epoch;
    const ids = await this.#commands.call('EXEC (verify)', () =>
      entries.filter((entry) => this.#world.redis.means(entry)).map(({ id }) => id),
    );
    return { ids, epoch };
  }

  create(startFrom: 'beginning' | 'now'): Promise<boolean> {
    const { redis } = this.#world;
    const { group } = this.#process.seat;
    this.#creations++;
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

  readNew(count: number, blockMs?: number): Promise<InEpoch<Page>> {
    const { redis } = this.#world;
    const { group } = this.#process.seat;
    const consumer = this.#process.name;
    const run = () => redis.readNew(group, consumer, count);
    const read = () =>
      blockMs === undefined
        ? this.#reader.call('XREADGROUP', run)
        : this.#reader.callBlocking('XREADGROUP', run, blockMs, { group, consumer, count });
    return this.#inEpoch(read);
  }

  readOwn(after: EntryId, count: number): Promise<InEpoch<OwnPage>> {
    const { group } = this.#process.seat;
    const run = () => this.#world.redis.readOwn(group, this.#process.name, after, count);
    return this.#inEpoch(() => this.#reader.call('XREADGROUP (own)', run));
  }

  claimIdle(cursor: EntryId, idleMs: number, count: number): Promise<InEpoch<ClaimedPage>> {
    const { group } = this.#process.seat;
    const { name } = this.#process;
    const run = () => this.#world.redis.claimIdle(group, name, cursor, idleMs, count);
    return this.#inEpoch(() => this.#reader.call('XAUTOCLAIM', run));
  }

  claim(): Promise<never> {
    return Promise.reject(new Error('Nobody asks for pending entries in a simulation.'));
  }

  deliveryCounts(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, number>> {
    const { group } = this.#process.seat;
    return this.#commands.call('XPENDING', () => this.#world.redis.deliveryCounts(group, this.#process.name, ids));
  }

  touch(ids: readonly EntryId[]): Promise<void> {
    const { group } = this.#process.seat;
    return this.#commands.call('XCLAIM', () => this.#world.redis.touch(group, this.#process.name, ids));
  }

  async acknowledge(ids: readonly EntryId[], epoch: string): Promise<number | undefined> {
    const { group } = this.#process.seat;
    if (!this.isCurrent(epoch)) return undefined;
    return this.#commands.call('XACK', () => this.#world.redis.acknowledge(group, this.#process.name, ids));
  }

  async setAside(letters: readonly DeadLetter[], { ids, epoch }: SameEntries): Promise<number | undefined> {
    const { redis, entries } = this.#world;
    const { group } = this.#process.seat;
    if (!this.isCurrent(epoch)) return undefined;
    return this.#commands.call('EXEC', () => {
      this.#refuseWhenFull('EXEC');
      return redis.setAside(group, this.#process.name, letters, ids, ({ entry }) => entries.of(entry));
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

  get #epoch(): string {
    return `${this.#commands.openGeneration}/${this.#creations}`;
  }

  /** There is one server, so what a connection reads is of the epoch in which it was asked for. */
  async #inEpoch<Read extends object>(read: () => Promise<Read>): Promise<InEpoch<Read>> {
    const known = this.#reader.openGeneration !== undefined && this.#commands.openGeneration !== undefined;
    const epoch = known ? this.#epoch : 'unknown';
    return { ...(await read()), epoch };
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
