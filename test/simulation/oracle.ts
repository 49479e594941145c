import { type Batch, type DeliveryResult, type EntryId, SinkContractError } from '@distributary/core';
import { AloneNotes } from './alone-notes.ts';
import type { DeadLetter, UnreadLoss } from './core-ports.ts';
import { CONNECTION_FAULTS, UNANSWERED, VANISHING } from './faults.ts';
import type { Process } from './process.ts';
import { ProcessAccount } from './process-account.ts';
import type { PendingEntry, RedisWitness } from './redis-model.ts';
import type { DestinationModel } from './sink-model.ts';
import type { StreamEntry } from './stream-entry.ts';
import type { World } from './world.ts';

/** What became of the entries in one group. */
interface GroupRecord {
  readonly destination: DestinationModel;
  /** Per event: how many further deliveries are accounted for by something that went wrong. */
  readonly excuses: Map<number, number>;
  readonly rejected: Set<EntryId>;
  readonly lost: Set<number>;
  /** Events that nobody can have any more, through no fault of a consumer. */
  readonly excused: Set<number>;
  /** Trimmed entries that a command took out of the pending list: whoever sent it is answerable for them. */
  readonly cleared: Map<number, Process>;
  readonly notes: AloneNotes;
  /** Events that reached a sink. */
  readonly offered: Set<number>;
  lastOffered: number;
}

/** Knows what really happened, and what must never happen. The first violation ends a run. */
export class Oracle implements RedisWitness {
  readonly #world: () => World;
  readonly #groups = new Map<string, GroupRecord>();
  readonly #processes = new Map<Process, ProcessAccount>();
  readonly #byName = new Map<string, Process>();
  /** A server that lost some of its stream gives the same IDs again. */
  readonly #ids = new Map<EntryId, StreamEntry[]>();
  violation: string | undefined;
  deliveries = 0;
  crashes = 0;
  deadLetters = 0;
  reportedLost = 0;
  handedBack = 0;
  resumed = 0;

  constructor(world: () => World) {
    this.#world = world;
  }

  violated(what: string): void {
    const { trace, clock } = this.#world();
    this.violation ??= what;
    trace.add(clock.now, 'VIOLATION', what);
  }

  /** How many copies the destinations got that they had already. */
  get duplicates(): number {
    let duplicates = 0;
    for (const { destination } of this.#groups.values()) {
      for (const times of destination.stored.values()) duplicates += times - 1;
    }
    return duplicates;
  }

  watch(group: string, destination: DestinationModel): void {
    this.#groups.set(group, {
      destination,
      excuses: new Map(),
      rejected: new Set(),
      lost: new Set(),
      excused: new Set(),
      cleared: new Map(),
      notes: new AloneNotes(),
      offered: new Set(),
      lastOffered: -1,
    });
  }

  added(entry: StreamEntry): void {
    this.#ids.set(entry.entry.id, [...this.#named(entry.entry.id), entry]);
  }

  began(process: Process): void {
    this.#processes.set(process, new ProcessAccount());
    this.#byName.set(process.name, process);
  }

  /** What is pending for the process is no longer its own. */
  abandoned(process: Process): void {
    const record = this.#groups.get(process.seat.group) as GroupRecord;
    for (const one of this.#world().redis.pending(process.seat.group)) {
      if (one.consumer === process.name) count(record.excuses, one.entry.event);
    }
  }

  handsBack(amount: number): void {
    this.handedBack += amount;
  }

  ended(process: Process): void {
    this.abandoned(process);
    const record = this.#groups.get(process.seat.group) as GroupRecord;
    if (process.ending !== 'crashed') return;
    this.crashes++;
    const { clock, scenario, faults } = this.#world();
    const prompt = scenario.theatre === 'processes' && !faults.has('paused');
    record.notes.killed(process, clock.now, prompt);
  }

  gaveUp(process: Process, reason: Error): void {
    if (reason instanceof SinkContractError && this.#world().faults.has('resultMissing')) return;
    this.violated(`${process.name} gave up: ${reason.stack}`);
  }

  /** @param times what the note says from now on */
  noted(process: Process, id: EntryId, before: number, times: number): void {
    const { notes } = this.#groups.get(process.seat.group) as GroupRecord;
    process.steppedAt = this.#world().clock.now;
    if (times < before) notes.takenBack(id);
    else if (times > before) notes.raised(id, process, process.alive && this.#holds(process, id));
  }

  /** @param underWay what the process is delivering now, this batch included */
  offered(process: Process, batch: Batch<StreamEntry>, underWay: ReadonlySet<Batch<StreamEntry>>): void {
    const { scenario, faults } = this.#world();
    const { readAhead, delivery } = scenario.tuning;
    this.deliveries++;
    if (underWay.size > delivery.concurrency) {
      this.violated(`${process.name} delivers ${underWay.size} batches at once`);
    }
    if (process.inHand > readAhead.maxEntries) {
      this.violated(`${process.name} has ${process.inHand} entries in hand, more than ${readAhead.maxEntries}`);
    }
    for (const { id, payload } of batch) {
      if (payload.entry.id !== id) this.violated(`the payload of ${id} belongs to ${payload.entry.id}`);
      if (payload.kind === 'undecodable' || payload.kind === 'oversize') {
        this.violated(`${payload.kind} event ${payload.event} reached the sink of ${process.name}`);
      }
    }
    if (underWay.size > 1 && !faults.has(...CONNECTION_FAULTS, ...VANISHING)) this.#checkAlone(process, underWay);
    this.#checkOrder(process, batch);
  }

  #checkAlone(process: Process, underWay: ReadonlySet<Batch<StreamEntry>>): void {
    const { notes } = this.#groups.get(process.seat.group) as GroupRecord;
    for (const [only, ...others] of underWay) {
      const suspect = only !== undefined && others.length === 0 && notes.standsFor(only.id, process);
      if (suspect) this.violated(`${process.name} delivers a suspect, and not alone`);
    }
  }

  /** A single process that delivers one batch at a time keeps to the order of the stream. */
  #checkOrder(process: Process, batch: Batch<StreamEntry>): void {
    const { scenario, faults } = this.#world();
    const record = this.#groups.get(process.seat.group) as GroupRecord;
    const single = scenario.seats.filter((seat) => seat.group === process.seat.group).length === 1;
    const ordered = single && scenario.tuning.delivery.concurrency === 1;
    if (!ordered || scenario.theatre !== 'sinks' || faults.has('resultMissing')) return;
    for (const { payload } of batch) {
      if (payload.event < record.lastOffered && !record.offered.has(payload.event)) {
        this.violated(`event ${payload.event} came to ${process.name} behind ${record.lastOffered}`);
      }
      record.offered.add(payload.event);
      record.lastOffered = Math.max(record.lastOffered, payload.event);
    }
  }

  answered(process: Process, results: readonly DeliveryResult[]): void {
    const record = this.#groups.get(process.seat.group) as GroupRecord;
    this.#processes.get(process)?.answered(results);
    for (const { id, status } of results) if (status === 'rejected') record.rejected.add(id);
  }

  /** The destination has it, and its sink will not say so. */
  unanswered(process: Process, event: number): void {
    count((this.#groups.get(process.seat.group) as GroupRecord).excuses, event);
  }

  stored(process: Process, event: number): void {
    const { faults, scenario } = this.#world();
    const record = this.#groups.get(process.seat.group) as GroupRecord;
    const repeated =
      scenario.twins || faults.has(...CONNECTION_FAULTS, ...VANISHING, 'paused', 'full', 'resultMissing');
    if (repeated) return;
    const times = record.destination.stored.get(event) as number;
    const allowed = 1 + (record.excuses.get(event) ?? 0);
    if (times > allowed) this.violated(`event ${event} is in ${process.seat.group} ${times} times for no reason`);
  }

  acknowledged(group: string, by: string, { entry }: PendingEntry): void {
    const record = this.#groups.get(group) as GroupRecord;
    if (record.destination.stored.has(entry.event) || record.lost.has(entry.event)) return;
    if (this.#world().redis.deadLetters(group).includes(entry)) return;
    this.violated(`${by} acknowledged event ${entry.event}, which nobody has`);
  }

  setAside(group: string, { verdict, entry: { id } }: DeadLetter, entry: StreamEntry): void {
    const { scenario, faults } = this.#world();
    const record = this.#groups.get(group) as GroupRecord;
    this.deadLetters++;
    const rightly =
      verdict === 'crashed'
        ? record.notes.ended(id) >= scenario.tuning.crash.maxAlone ||
          faults.has('failover', 'restored') ||
          scenario.twins
        : verdict === 'rejected'
          ? record.rejected.has(id)
          : verdict === entry.kind;
    if (!rightly) this.violated(`event ${entry.event} (${entry.kind}) became a dead letter of ${group} as ${verdict}`);
  }

  cleared(group: string, by: string, entry: StreamEntry): void {
    this.#groups.get(group)?.cleared.set(entry.event, this.#byName.get(by) as Process);
  }

  begun(group: string, startFrom: 'beginning' | 'now', events: readonly number[]): void {
    const asTold = this.#world().scenario.tuning.startFrom === 'now';
    if (startFrom === 'now' && asTold) this.excused(group, events);
  }

  moved(group: string, passed: readonly StreamEntry[]): void {
    if (passed.length > 0) this.resumed++;
    for (const entry of passed) {
      if (!this.#has(group, entry)) this.violated(`${group} goes on behind event ${entry.event}, which it has not had`);
    }
  }

  excused(group: string | undefined, events: readonly number[]): void {
    for (const [name, record] of this.#groups) {
      if (group !== undefined && group !== name) continue;
      for (const event of events) record.excused.add(event);
    }
  }

  takenOver(group: string, { entry: { id } }: StreamEntry): void {
    this.#groups.get(group)?.notes.takenOver(id);
  }

  /** Before a group was there they are nothing to it. */
  trimmed(events: readonly number[]): void {
    const { redis } = this.#world();
    for (const group of this.#groups.keys()) if (!redis.hasGroup(group)) this.excused(group, events);
  }

  /** A process was told what the group has lost unread. */
  looked(process: Process, loss: UnreadLoss | undefined): void {
    this.#processes.get(process)?.looked(loss);
  }

  /** Redis 7.0 forgets no loss; where no connection is ever replaced, each process reports all of it. */
  get countsLossExactly(): boolean {
    const { scenario, faults } = this.#world();
    const calm = scenario.theatre === 'sinks' && !faults.has('resultMissing') && faults.has('trimmed');
    return calm && scenario.flavour === '7.0';
  }

  lossIsCounted(): boolean {
    const { redis } = this.#world();
    for (const [process, account] of this.#processes) {
      if (!account.knowsOf(redis.unreadLoss(process.seat.group)?.count ?? 0)) return false;
    }
    return true;
  }

  lost(process: Process, amount: number, ids: readonly EntryId[]): void {
    const { redis, faults } = this.#world();
    const { group } = process.seat;
    const record = this.#groups.get(group) as GroupRecord;
    this.reportedLost += amount;
    if (ids.length === 0) this.#processes.get(process)?.reportsLostUnread(amount);
    if (faults.has(...VANISHING)) {
      for (const entry of ids.flatMap((id) => this.#named(id))) if (!redis.holds(entry)) record.lost.add(entry.event);
      return;
    }
    if (ids.length === 0) {
      const most = redis.trimmedUnread(group).size;
      if (amount > most) this.violated(`${process.name} reports ${amount} lost unread, and ${most} were`);
    }
    for (const entry of ids.flatMap((id) => this.#named(id))) {
      if (redis.holds(entry)) this.violated(`${process.name} reports event ${entry.event} lost, which is there`);
      record.lost.add(entry.event);
    }
  }

  delivered(process: Process, amount: number): void {
    const own = this.#processes.get(process) as ProcessAccount;
    own.delivered += amount;
    if (own.delivered > own.confirmed) {
      this.violated(`${process.name} reports ${own.delivered} delivered, and its sink confirmed ${own.confirmed}`);
    }
  }

  deadLettered(process: Process, id: EntryId): void {
    const { redis, faults } = this.#world();
    if (faults.has(...VANISHING, ...UNANSWERED)) return;
    const letters = redis.deadLetters(process.seat.group);
    if (!this.#named(id).some((entry) => letters.includes(entry))) {
      this.violated(`${process.name} reports a dead letter of ${id} that is not there`);
    }
  }

  acknowledgedFewer(process: Process): void {
    const { scenario, faults } = this.#world();
    if (scenario.theatre === 'sinks' && !faults.has('trimmed')) {
      this.violated(`${process.name} reports that others acknowledged what it had`);
    }
  }

  /** Whether every group has read everything and nothing is pending. */
  settled(): boolean {
    const { redis } = this.#world();
    for (const group of this.#groups.keys()) if (!redis.drained(group)) return false;
    return true;
  }

  /** Asked when everything has settled: is every entry where it must be? */
  examine(): void {
    const { redis, entries, faults, scenario } = this.#world();
    const unknown = scenario.twins || faults.has(...CONNECTION_FAULTS);
    for (const [group, record] of this.#groups) {
      const aside = new Set(redis.deadLetters(group));
      for (const entry of entries.all) {
        const { event, kind } = entry;
        const stored = record.destination.stored.has(event);
        if (!this.#has(group, entry)) this.violated(`event ${event} (${kind}) is missing in ${group}`);
        if (stored && kind !== 'plain') this.violated(`event ${event} (${kind}) is stored in ${group}`);
      }
      if (aside.size !== redis.deadLetters(group).length && !unknown && !faults.has(...VANISHING, 'paused')) {
        this.violated(`${group} has a dead letter twice`);
      }
    }
    for (const [process, { confirmed, delivered }] of this.#processes) {
      if (process.ending === 'drained' && confirmed !== delivered && !faults.has('resultMissing')) {
        this.violated(`${process.name} reports ${delivered} delivered, and its sink confirmed ${confirmed}`);
      }
    }
  }

  /** Whether the entry is where it must be in the end. */
  #has(group: string, entry: StreamEntry): boolean {
    const { redis, faults, scenario } = this.#world();
    const record = this.#groups.get(group) as GroupRecord;
    const { event } = entry;
    if (record.destination.stored.has(event) || record.lost.has(event) || record.excused.has(event)) return true;
    if (redis.deadLetters(group).includes(entry) || redis.trimmedUnread(group).has(event)) return true;
    const clearing = record.cleared.get(event);
    if (clearing === undefined) return false;
    const unknown = scenario.twins || faults.has(...CONNECTION_FAULTS);
    return unknown || clearing.ending === 'crashed' || clearing.ending === 'gaveUp';
  }

  #named(id: EntryId): readonly StreamEntry[] {
    return this.#ids.get(id) ?? [];
  }

  #holds(process: Process, id: EntryId): boolean {
    const pending = this.#world().redis.pending(process.seat.group);
    return pending.some((one) => one.consumer === process.name && one.entry.entry.id === id);
  }
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
