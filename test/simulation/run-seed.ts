import { type FaultKind, Faults } from './faults.ts';
import { Oracle } from './oracle.ts';
import { Process, type Seat } from './process.ts';
import { Random } from './random.ts';
import { RedisModel } from './redis-model.ts';
import { type Incident, planScenario, type Scenario, type SeatPlan } from './scenario.ts';
import { DestinationModel, LONGEST_DELIVERY_MS } from './sink-model.ts';
import { Trace } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';
import { KnownEntries, type World } from './world.ts';

/** The longest pause between two tries to acknowledge or to set aside, in milliseconds. */
const LONGEST_PAUSE_MS = 5_000;

/** How long Redis is not asked for entries that were lost unread, and a little more, in milliseconds. */
const LOSS_LOOK_MS = 5_600;

/** How long a drained consumer may take to stop, in milliseconds. */
const STOPS_WITHIN_MS = 10_000;

export interface SeedResult {
  readonly seed: number;
  readonly violation: string | undefined;
  readonly trace: readonly string[];
  readonly entries: number;
  readonly deliveries: number;
  readonly crashes: number;
  readonly duplicates: number;
  readonly deadLetters: number;
  readonly lost: number;
  readonly handedBack: number;
  /** How often a group that had vanished began behind its checkpoint. */
  readonly resumed: number;
  readonly events: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** Until everything had settled. */
  readonly virtualMs: number;
}

/** Runs what a seed decides, to the end or to the first violation. */
export function runSeed(seed: number, options: { readonly trace?: boolean } = {}): Promise<SeedResult> {
  return new Simulation(seed, options.trace ?? false).run();
}

class Simulation {
  readonly #seed: number;
  readonly #world: World;
  readonly #seats: OccupiedSeat[];
  readonly #startedAt: number;
  #nextEvent = 0;
  #redisBackAt = 0;

  constructor(seed: number, traced: boolean) {
    this.#seed = seed;
    const random = new Random(seed);
    const scenario = planScenario(random);
    const clock = new VirtualClock();
    const oracle = new Oracle(() => this.#world);
    this.#startedAt = clock.now;
    this.#world = {
      scenario,
      clock,
      random,
      oracle,
      faults: new Faults(random, scenario.faults),
      trace: new Trace(traced),
      redis: new RedisModel(scenario.flavour, () => clock.now, oracle),
      entries: new KnownEntries(),
      files: new Map(),
    };
    if (scenario.clockStands) this.#world.redis.clockAt = clock.now;
    const destinations = new Map(scenario.groups.map((group) => [group, new DestinationModel()]));
    for (const [group, destination] of destinations) oracle.watch(group, destination);
    this.#seats = scenario.seats.map((plan) => {
      return new OccupiedSeat(this.#world, plan, destinations.get(plan.group) as DestinationModel);
    });
  }

  async run(): Promise<SeedResult> {
    const { clock, oracle, scenario, faults } = this.#world;
    if (this.#world.trace.wanted) this.#say(JSON.stringify(scenario));
    for (const seat of this.#seats) clock.schedule(this.#world.random.between(0, 30), () => seat.occupy());
    for (const { atMs, kinds } of scenario.additions) clock.schedule(atMs, () => this.#add(kinds));
    for (const incident of scenario.incidents) clock.schedule(incident.atMs, () => this.#strike(incident));
    clock.schedule(scenario.faultsEndMs, () => {
      this.#say('no more faults');
      faults.over = true;
    });
    const lastAdditionMs = Math.max(...scenario.additions.map(({ atMs }) => atMs), scenario.faultsEndMs);
    await this.#until(lastAdditionMs, settlesWithinMs(scenario), () => oracle.settled(), 'did not settle');
    const virtualMs = clock.now - this.#startedAt;
    if (oracle.countsLossExactly)
      await this.#until(0, LOSS_LOOK_MS, () => oracle.lossIsCounted(), 'did not report all that was lost');
    for (const seat of this.#seats) seat.vacate(STOPS_WITHIN_MS);
    await this.#until(0, STOPS_WITHIN_MS + 100, () => this.#seats.every((seat) => seat.empty), 'did not stop');
    if (!oracle.violation) oracle.examine();
    return {
      seed: this.#seed,
      violation: oracle.violation,
      trace: this.#world.trace.lines,
      entries: this.#world.entries.count,
      deliveries: oracle.deliveries,
      crashes: oracle.crashes,
      duplicates: oracle.duplicates,
      deadLetters: oracle.deadLetters,
      lost: oracle.reportedLost,
      handedBack: oracle.handedBack,
      resumed: oracle.resumed,
      events: clock.happened,
      faults: faults.counts,
      virtualMs,
    };
  }

  async #until(notBeforeMs: number, withinMs: number, reached: () => boolean, otherwise: string): Promise<void> {
    const { clock, oracle } = this.#world;
    let late = false;
    const from = this.#startedAt + notBeforeMs;
    const alarm = clock.schedule(Math.max(0, from - clock.now) + withinMs, () => {
      late = true;
    });
    await clock.run(() => late || oracle.violation !== undefined || (clock.now > from && reached()));
    alarm.happen = undefined;
    if (late) oracle.violated(otherwise);
  }

  #add(kinds: World['scenario']['additions'][number]['kinds']): void {
    const { redis, entries, oracle } = this.#world;
    for (const kind of kinds) {
      const entry = redis.add(this.#nextEvent++, kind, (added) => {
        entries.add(added);
        oracle.added(added);
      });
      if (this.#world.trace.wanted) this.#say(`event ${entry.event} (${kind}) is added as ${entry.entry.id}`);
    }
  }

  #strike({ fault, forMs }: Incident) {
    const { redis, random, clock, faults, scenario } = this.#world;
    const leftMs = Math.max(1, Math.min(forMs, this.#startedAt + scenario.faultsEndMs - clock.now));
    const seat = random.pick(this.#seats);
    const group = random.pick(scenario.groups);
    faults.count(fault);
    this.#say(`${fault} for ${leftMs} ms (${seat.process?.name}, ${group})`);
    switch (fault) {
      case 'redisAway':
        return this.#redisLeaves(leftMs);
      case 'failover':
        redis.stallReplica();
        clock.schedule(Math.min(leftMs, 500), () => {
          this.#say('fails over');
          redis.failOver();
          this.#redisLeaves(random.between(1, 100));
        });
        return;
      case 'partition':
        if (seat.process) seat.process.cutOffUntil = clock.now + leftMs;
        return;
      case 'full':
        redis.full = true;
        clock.schedule(leftMs, () => {
          redis.full = false;
        });
        return;
      case 'groupDestroyed':
        return redis.destroyGroup(group);
      case 'restored':
        redis.stallReplica();
        clock.schedule(leftMs, () => {
          const without = random.chance(0.5);
          this.#say(`is restored${without ? ` without ${group}` : ''}`);
          redis.failOver();
          if (without) redis.destroyGroup(group);
          this.#redisLeaves(random.between(1, 100));
        });
        return;
      case 'streamDeleted':
        return redis.deleteStream();
      case 'flushed':
        return redis.flush();
      case 'trimmed':
        return redis.trim(random.between(0, 5));
      case 'sinkAway':
        seat.destination.away = true;
        clock.schedule(leftMs, () => {
          seat.destination.away = false;
        });
        return;
      case 'paused':
        return seat.process?.pause(leftMs);
      case 'stopped':
        return seat.process?.stop(random.pick([50, 500, 5_000]));
      case 'killed':
        return seat.process?.crash('killed');
      case 'newName':
        return;
    }
  }

  #redisLeaves(forMs: number): void {
    const { redis, clock } = this.#world;
    redis.away = true;
    redis.restart();
    for (const seat of this.#seats) seat.process?.disconnect('the server is gone');
    this.#redisBackAt = Math.max(this.#redisBackAt, clock.now + forMs);
    clock.schedule(forMs, () => {
      if (clock.now >= this.#redisBackAt) redis.away = false;
    });
  }

  #say(what: string): void {
    this.#world.trace.add(this.#world.clock.now, '', what);
  }
}

/** After the last fault and the last entry: what a dead process held is taken over, and whatever is under way ends. */
function settlesWithinMs({ tuning, faults }: Scenario): number {
  const slow = faults.deliverySlow + faults.deliveryHangs > 0 ? LONGEST_DELIVERY_MS : 0;
  return 2 * tuning.claim.idleMs + LONGEST_PAUSE_MS + slow;
}

/** A seat and whoever sits on it. Who ends is followed by another one, mostly under the same name. */
class OccupiedSeat implements Seat {
  readonly group: string;
  readonly destination: DestinationModel;
  readonly #world: World;
  #name: string;
  #names = 0;
  #closing = false;
  process: Process | undefined;

  constructor(world: World, { group, name }: SeatPlan, destination: DestinationModel) {
    this.#world = world;
    this.group = group;
    this.destination = destination;
    this.#name = name;
  }

  get empty(): boolean {
    return this.#closing && this.process === undefined;
  }

  occupy(): void {
    if (this.#closing) return;
    this.process = new Process(this.#world, this, this.#name, () => this.#left());
    this.process.start();
  }

  /** For good. */
  vacate(withinMs: number): void {
    this.#closing = true;
    this.process?.stop(withinMs);
  }

  #left(): void {
    const { clock, random, faults } = this.#world;
    this.process = undefined;
    if (this.#closing) return;
    if (!faults.over && random.chance(0.1)) {
      faults.count('newName');
      this.#name = `${this.#name.slice(0, 2)}.${++this.#names}`;
    }
    clock.schedule(faults.over ? 20 : random.between(5, 2_500), () => this.occupy());
  }
}
