import { RedisUnavailableError } from '@distributary/core';
import type { Page } from './core-ports.ts';
import type { Process } from './process.ts';
import type { Waiter } from './redis-model.ts';
import type { World } from './world.ts';

/** A command on its way. */
interface Command<Reply> {
  readonly name: string;
  readonly run: () => Reply;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: Error) => void;
  readonly epoch: number;
  /** The client has its answer, or has given up. */
  settled: boolean;
}

/** What waits for a process that has ended. */
export const NEVER: Promise<never> = new Promise(() => undefined);

/**
 * A connection as the core's own: whatever goes wrong with it, its commands under way are rejected and the next one
 * connects anew; a command that was rejected may have run, or may run yet. Commands run and are answered in their order.
 */
export class ConnectionModel {
  readonly #world: World;
  readonly #process: Process;
  readonly #underWay = new Set<Command<never>>();
  readonly #waiters = new Set<Waiter>();
  #connecting: Promise<number> | undefined;
  #open = false;
  #closed = false;
  #generation = 0;
  #lastRunAt = 0;
  #lastReplyAt = 0;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  /** Of the connection that is open. */
  get openGeneration(): number | undefined {
    return this.#open ? this.#generation : undefined;
  }

  connect(): Promise<number> {
    if (this.#process.mayCrash('connecting')) return NEVER;
    if (this.#open) return Promise.resolve(this.#generation);
    if (this.#closed) return Promise.reject(new RedisUnavailableError('The connection was closed.'));
    this.#connecting ??= this.#openAnew();
    return this.#connecting;
  }

  async call<Reply>(name: string, run: () => Reply): Promise<Reply> {
    await this.#ready(name);
    return this.#send(name, run, (command) => this.#run(command, this.#world.redis.epoch));
  }

  /** @param run what to do at once; undefined makes the read wait */
  async callBlocking(
    name: string,
    run: () => Page,
    blockMs: number,
    waiter: Omit<Waiter, 'answer' | 'refuse'>,
  ): Promise<Page> {
    await this.#ready(name);
    return this.#send(name, run, (command) => this.#block(command, blockMs, waiter));
  }

  /** The other side is gone, or this one gave up. */
  discard(why: string): void {
    this.#open = false;
    this.#lastRunAt = 0;
    this.#lastReplyAt = 0;
    for (const waiter of this.#waiters) {
      // A server that has not noticed goes on serving the blocked read.
      if (!this.#world.random.chance(0.5)) this.#world.redis.unwait(waiter);
    }
    this.#waiters.clear();
    const given = [...this.#underWay];
    this.#underWay.clear();
    for (const command of given) {
      command.settled = true;
      if (this.#process.alive) command.reject(new RedisUnavailableError(`${command.name}: ${why}`));
    }
  }

  close(): void {
    this.#closed = true;
    this.discard('The connection was closed.');
  }

  async #ready(name: string): Promise<void> {
    if (this.#process.mayCrash(`before ${name}`)) return NEVER;
    if (!this.#open) await this.connect();
  }

  #openAnew(): Promise<number> {
    const { clock, redis, random } = this.#world;
    const partitioned = this.#process.cutOffUntil > clock.now;
    const connecting = new Promise<number>((resolve, reject) => {
      const takesMs = partitioned ? 2 * this.#world.scenario.commandTimeoutMs : random.between(1, 5);
      clock.schedule(
        takesMs,
        () => {
          this.#connecting = undefined;
          if (redis.away || partitioned || this.#closed) return reject(new RedisUnavailableError('ECONNREFUSED'));
          this.#open = true;
          this.#generation++;
          resolve(this.#generation);
        },
        this.#process,
      );
    });
    return connecting;
  }

  #send<Reply>(name: string, run: () => Reply, begin: (command: Command<Reply>) => void): Promise<Reply> {
    const { clock, faults, random, redis, scenario } = this.#world;
    return new Promise((resolve, reject) => {
      const command: Command<Reply> = { name, run, resolve, reject, epoch: redis.epoch, settled: false };
      this.#underWay.add(command as unknown as Command<never>);
      const cutOff = this.#process.cutOffUntil > clock.now;
      const fault = faults.among(['commandLost', 'commandLate', 'refused']);
      if (cutOff || fault === 'commandLost') return this.#giveUp(command, 'no answer came');
      if (fault === 'commandLate') {
        clock.schedule(scenario.commandTimeoutMs + random.between(-20, 2_000), () => this.#runUnheard(command));
        return this.#giveUp(command, 'no answer came');
      }
      if (fault === 'refused') return this.#answer(command, () => reject(refusal(`BUSY ${name}`)));
      this.#inOrder(random.between(0, 2), () => begin(command));
    });
  }

  /** Runs it when what was sent before has run. */
  #inOrder(afterMs: number, run: () => void): void {
    const { clock } = this.#world;
    const at = Math.max(clock.now + afterMs, this.#lastRunAt);
    const queued = this.#lastRunAt > clock.now;
    this.#lastRunAt = at;
    if (at === clock.now && !queued) run();
    else clock.schedule(at - clock.now, run);
  }

  #run<Reply>(command: Command<Reply>, epoch: number) {
    const { redis, faults } = this.#world;
    if (command.settled && this.#world.random.chance(0.5)) return;
    if (redis.epoch !== command.epoch || redis.epoch !== epoch) return;
    let answer: () => void;
    try {
      const reply = command.run();
      answer = () => command.resolve(reply);
    } catch (thrown) {
      answer = () => command.reject(thrown as Error);
    }
    if (command.settled) return;
    if (faults.strikes('replyLost')) return this.#giveUp(command, 'the reply was lost');
    this.#answer(command, answer);
  }

  #runUnheard<Reply>(command: Command<Reply>): void {
    if (this.#world.redis.epoch !== command.epoch) return;
    try {
      command.run();
    } catch {
      // Nobody hears the answer.
    }
  }

  #block(command: Command<Page>, blockMs: number, { group, consumer, count }: Omit<Waiter, 'answer' | 'refuse'>) {
    const { clock, redis, faults } = this.#world;
    if (redis.epoch !== command.epoch) return;
    let page: Page;
    try {
      page = command.run();
    } catch (thrown) {
      return this.#answer(command, () => command.reject(thrown as Error));
    }
    const answer = (reply: Page) => {
      if (command.settled) return;
      if (faults.strikes('replyLost')) return this.#giveUp(command, 'the reply was lost');
      this.#answer(command, () => command.resolve(reply));
    };
    if (page.entries.length > 0) return answer(page);
    const timeout = clock.schedule(blockMs, () => {
      this.#waiters.delete(waiter);
      if (redis.unwait(waiter)) answer({ entries: [], lost: [] });
    });
    const finish = (then: () => void) => {
      timeout.happen = undefined;
      this.#waiters.delete(waiter);
      then();
    };
    const waiter: Waiter = {
      group,
      consumer,
      count,
      answer: (reply) => finish(() => answer(reply)),
      refuse: (reason) => finish(() => this.#answer(command, () => command.reject(reason))),
    };
    this.#waiters.add(waiter);
    redis.wait(waiter);
  }

  #answer<Reply>(command: Command<Reply>, answer: () => void) {
    const { clock, random, faults, scenario } = this.#world;
    if (command.settled) return;
    if (this.#process.cutOffUntil > clock.now) return this.#giveUp(command, 'the reply was lost');
    const slow = faults.strikes('replySlow')
      ? random.between(10, scenario.commandTimeoutMs - 10)
      : random.between(0, 2);
    const at = Math.max(clock.now + slow, this.#lastReplyAt);
    this.#lastReplyAt = at;
    clock.schedule(
      at - clock.now,
      () => {
        if (command.settled || this.#process.mayCrash(`after ${command.name}`)) return;
        command.settled = true;
        this.#underWay.delete(command as unknown as Command<never>);
        answer();
      },
      this.#process,
    );
  }

  /** No answer will come: the deadline passes, or the connection breaks before. */
  #giveUp<Reply>(command: Command<Reply>, why: string): void {
    const { clock, random, scenario } = this.#world;
    const afterMs = random.chance(0.5) ? scenario.commandTimeoutMs : random.between(0, 20);
    clock.schedule(afterMs, () => !command.settled && this.discard(why), this.#process);
  }
}

/** As the core explains an error that Redis itself answered. */
export function refusal(reply: string): RedisUnavailableError {
  const cause = Object.assign(new Error(reply), { name: 'ReplyError' });
  return new RedisUnavailableError(reply, { cause });
}
