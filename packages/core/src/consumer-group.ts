import { removeConsumer } from './consumer-removal.ts';
import { deadLetterFields } from './dead-letters.ts';
import type { Entry, EntryId } from './entry.ts';
import { asError, DeadLetterQuotaError, GroupVanishedError, RedisUnavailableError } from './errors.ts';
import type {
  ClaimedPage,
  DeadLetter,
  Epoch,
  Group,
  HandedBack,
  OwnPage,
  Page,
  SameEntries,
  Survey,
  UnreadLoss,
} from './group.ts';
import { unreadLoss } from './group-status.ts';
import { surveyGroup } from './group-survey.ts';
import { handBack, MAX_IDS_PER_COMMAND, type PendingRow } from './hand-back.ts';
import { groupKey } from './keys.ts';
import { entriesOfStream, pageOf, type RawEntry } from './read-reply.ts';
import type { RedisArgument, RedisConnection } from './redis-connection.ts';
import { explainReply, isReply, needsNewConnection } from './redis-reply.ts';
import { sameEntries } from './same-entries.ts';
import { type ServerCapabilities, serverOf } from './server-probe.ts';

/** Who reads what. */
export interface GroupIdentity {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
}

/**
 * A consumer's group on a real Redis: the only code that speaks X* commands on behalf of a consumer. A blocked read
 * holds back every command behind it, so reading has a connection of its own.
 */
export class ConsumerGroup implements Group {
  readonly #identity: GroupIdentity;
  readonly #reader: RedisConnection;
  readonly #commands: RedisConnection;
  readonly #readCommand: readonly string[];
  readonly #acknowledgedUnstored = new Set<EntryId>();
  /** The connections that are known to lead to the same server. */
  #paired: Pair = { reader: undefined, commands: undefined };
  #creations = 0;

  constructor(identity: GroupIdentity, connections: { reader: RedisConnection; commands: RedisConnection }) {
    this.#identity = identity;
    this.#reader = connections.reader;
    this.#commands = connections.commands;
    this.#readCommand = ['GROUP', identity.group, identity.consumer];
  }

  async connect(): Promise<number> {
    const reader = await this.#reader.connect();
    const commands = await this.#commands.connect();
    if (reader !== this.#paired.reader || commands !== this.#paired.commands) await this.#pair({ reader, commands });
    return reader;
  }

  isCurrent(epoch: Epoch): boolean {
    return this.#commands.openGeneration !== undefined && epoch === this.#epoch;
  }

  async verify(entries: readonly Entry[]): Promise<SameEntries> {
    await this.#commands.connect();
    const epoch = this.#epoch;
    try {
      const ids: EntryId[] = [];
      for (const some of chunks(entries)) ids.push(...(await sameEntries(this.#commands, this.#identity.stream, some)));
      return { ids, epoch };
    } catch (thrown) {
      throw this.#explain(this.#commands, 'looking whether entries are still the same', thrown);
    }
  }

  async create(startFrom: 'beginning' | 'now'): Promise<boolean> {
    const { stream, group } = this.#identity;
    // Whatever made this necessary may have taken the stream along.
    this.#creations++;
    const from = startFrom === 'now' ? '$' : '0';
    try {
      await this.#commands.call('XGROUP', 'CREATE', stream, group, from, 'MKSTREAM');
      return true;
    } catch (thrown) {
      if (isReply(thrown, 'BUSYGROUP')) return false;
      // A full Redis refuses XGROUP before it looks whether the group is there; so does a user who may not create groups.
      if ((isReply(thrown, 'OOM') || isReply(thrown, 'NOPERM')) && (await this.#exists())) return false;
      throw this.#explain(this.#commands, 'XGROUP CREATE', thrown);
    }
  }

  async survey(upTo: EntryId): Promise<Survey | undefined> {
    try {
      return await surveyGroup(this.#commands, this.#identity, upTo);
    } catch (thrown) {
      throw this.#explain(this.#commands, 'looking where the group stands', thrown);
    }
  }

  async moveTo(lastDelivered: EntryId): Promise<void> {
    const { stream, group } = this.#identity;
    await this.#command('XGROUP', 'SETID', stream, group, lastDelivered);
  }

  async unreadLoss(): Promise<UnreadLoss | undefined> {
    try {
      return await unreadLoss(this.#commands, this.#identity);
    } catch (thrown) {
      // Whoever may not ask is not told.
      if (isReply(thrown, 'NOPERM')) return undefined;
      throw this.#explain(this.#commands, 'XINFO', thrown);
    }
  }

  async readNew(count: number, blockMs?: number): Promise<Page> {
    const block = blockMs === undefined ? [] : ['BLOCK', blockMs];
    const args = [...this.#readCommand, 'COUNT', count, ...block, 'STREAMS', this.#identity.stream, '>'];
    const epoch = this.#readEpoch;
    const reply = await this.#read('XREADGROUP', args, blockMs ?? 0);
    return pageOf(entriesOfStream(reply), epoch);
  }

  async readOwn(after: EntryId, count: number): Promise<OwnPage> {
    const args = [...this.#readCommand, 'COUNT', count, 'STREAMS', this.#identity.stream, after];
    const epoch = this.#readEpoch;
    const entries = entriesOfStream(await this.#read('XREADGROUP', args, 0));
    return { ...pageOf(entries, epoch), last: entries.at(-1)?.[0].toString('latin1') as EntryId | undefined };
  }

  async claimIdle(cursor: EntryId, idleMs: number, count: number): Promise<ClaimedPage> {
    const { stream, group, consumer } = this.#identity;
    const epoch = this.#readEpoch;
    const reply = await this.#read('XAUTOCLAIM', [stream, group, consumer, idleMs, cursor, 'COUNT', count], 0);
    // The third element came with Redis 7.0; before that a trimmed entry is a null among the entries.
    const [next, replied, deleted = []] = reply as [Buffer, (RawEntry | null)[], Buffer[]?];
    const present = replied.filter((entry) => entry !== null);
    const page = pageOf(present, epoch);
    const lost = [...page.lost, ...deleted.map((id) => id.toString('latin1') as EntryId)];
    const unnamedLost = present.length < replied.length;
    return { entries: page.entries, epoch, lost, unnamedLost, cursor: next.toString('latin1') as EntryId };
  }

  async claim(ids: readonly EntryId[], minIdleMs: number): Promise<Page> {
    const { stream, group, consumer } = this.#identity;
    const epoch = this.#readEpoch;
    const reply = await this.#read('XCLAIM', [stream, group, consumer, minIdleMs, ...ids], 0);
    // Before Redis 7.0 a trimmed entry is a null among the entries.
    const present = (reply as (RawEntry | null)[]).filter((entry) => entry !== null);
    const page = pageOf(present, epoch);
    const claimed = new Set(page.entries.map((entry) => entry.id));
    const lost = await this.#trimmed(ids.filter((id) => !claimed.has(id)));
    return { ...page, lost: [...page.lost, ...lost] };
  }

  async deliveryCounts(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, number>> {
    const { stream, group, consumer } = this.#identity;
    await this.#restore();
    const asked = new Set(ids);
    const counts = new Map<EntryId, number>();
    const last = ids.at(-1);
    let from: string | undefined = ids[0];
    while (from !== undefined && last !== undefined) {
      const reply = await this.#command('XPENDING', stream, group, from, last, MAX_IDS_PER_COMMAND, consumer);
      const rows = reply as PendingRow[];
      for (const [idBytes, , , deliveries] of rows) {
        const id = idBytes.toString('latin1') as EntryId;
        if (asked.has(id)) counts.set(id, Number(deliveries));
      }
      from = rows.length < MAX_IDS_PER_COMMAND ? undefined : `(${rows.at(-1)?.[0].toString('latin1')}`;
    }
    return counts;
  }

  async touch(ids: readonly EntryId[]): Promise<void> {
    const { stream, group, consumer } = this.#identity;
    for (const some of chunks(ids)) {
      await this.#command('XCLAIM', stream, group, consumer, 0, ...some, 'JUSTID');
    }
  }

  async acknowledge(ids: readonly EntryId[], epoch: Epoch): Promise<number | undefined> {
    const { stream, group } = this.#identity;
    let acknowledged = 0;
    for (const some of chunks(ids)) {
      if (!this.isCurrent(epoch)) return undefined;
      acknowledged += Number(await this.#command('XACK', stream, group, ...some));
    }
    return acknowledged;
  }

  async setAside(
    letters: readonly DeadLetter[],
    { ids, epoch }: SameEntries,
    quota: number = Infinity,
  ): Promise<number | undefined> {
    const { stream, group } = this.#identity;
    const key = groupKey(stream, group, 'dead-letters');
    const crashed = letters.filter((letter) => letter.verdict === 'crashed').map((letter) => letter.entry.id);
    const commands: [string, ...RedisArgument[]][] = [
      ...letters.map((letter): [string, ...RedisArgument[]] => {
        return ['XADD', key, '*', ...deadLetterFields(letter, this.#identity)];
      }),
      ...(ids.length > 0 ? [['XACK', stream, group, ...ids] as [string, ...RedisArgument[]]] : []),
    ];
    if (crashed.length > 0) commands.push(['HDEL', this.#aloneKey, ...crashed]);
    await this.#restore();
    // EXEC goes on behind a command that fails, so a key of another type must be found out before the XACK is queued.
    const stored = Number(await this.#command('XLEN', key));
    if (stored >= quota) throw quotaUsedUp(this.#identity, stored, quota);
    if (!this.isCurrent(epoch)) return undefined;
    let replies: unknown[];
    try {
      replies = await this.#commands.transaction(commands);
    } catch (thrown) {
      throw this.#explain(this.#commands, `storing ${letters.length} dead letters in ${key}`, thrown);
    }
    const failed = letters.filter((_, i) => replies[i] instanceof Error).map((letter) => letter.entry.id);
    if (failed.length > 0) {
      for (const id of failed) if (ids.includes(id)) this.#acknowledgedUnstored.add(id);
      await this.#restore();
      const reason = replies.find((reply) => reply instanceof Error);
      const said = this.#explain(this.#commands, `storing a dead letter in ${key} (its entry stays pending)`, reason);
      // Without the reply as its cause, for the other dead letters are stored.
      throw new RedisUnavailableError(said.message);
    }
    return ids.length > 0 ? Number(replies[letters.length]) : 0;
  }

  async timesAlone(id: EntryId): Promise<number> {
    return Number(await this.#command('HGET', this.#aloneKey, id));
  }

  async noteAlone(id: EntryId, times: number): Promise<void> {
    if (times > 0) await this.#command('HSET', this.#aloneKey, id, times);
    else await this.#command('HDEL', this.#aloneKey, id);
  }

  async handBack({ releases }: Pick<ServerCapabilities, 'releases'>): Promise<HandedBack> {
    // A read that is still blocked would bring more.
    this.#reader.close();
    await this.#restore();
    try {
      return await handBack(this.#commands, this.#identity, { releases });
    } catch (thrown) {
      throw this.#explain(this.#commands, 'handing back', thrown);
    }
  }

  async leave(): Promise<boolean> {
    try {
      return await removeConsumer(this.#commands, this.#identity);
    } catch (thrown) {
      throw this.#explain(this.#commands, 'removing the consumer', thrown);
    }
  }

  get #epoch(): Epoch {
    return `${this.#commands.openGeneration}/${this.#creations}`;
  }

  /** The epoch of what is read now: known only while both connections are known to lead to the same server. */
  get #readEpoch(): Epoch {
    const { reader, commands } = this.#paired;
    const known = reader === this.#reader.openGeneration && commands === this.#commands.openGeneration;
    return known ? this.#epoch : 'unknown';
  }

  /** In a failover one connection may lead to the old server yet, and what it reads would be acknowledged to the new one. */
  async #pair(pair: Pair): Promise<void> {
    const [reader, commands] = await Promise.all([this.#reader, this.#commands].map(serverOf));
    if (reader !== commands) {
      for (const connection of [this.#reader, this.#commands]) connection.replace();
      throw new RedisUnavailableError(
        `Reading leads to Redis ${reader} and acknowledging to ${commands}: a failover is under way. Both are connected anew.`,
      );
    }
    this.#paired = pair;
  }

  /** Those that the stream no longer holds; none where this user may not look into the stream. */
  async #trimmed(ids: readonly EntryId[]): Promise<EntryId[]> {
    const { stream } = this.#identity;
    try {
      const found = await Promise.all(ids.map((id) => this.#commands.call('XRANGE', stream, id, id)));
      return ids.filter((_, i) => (found[i] as unknown[]).length === 0);
    } catch (thrown) {
      if (isReply(thrown, 'NOPERM')) return [];
      throw this.#explain(this.#commands, 'XRANGE', thrown);
    }
  }

  async #exists(): Promise<boolean> {
    const { stream, group } = this.#identity;
    return this.#commands.call('XPENDING', stream, group).then(
      () => true,
      () => false,
    );
  }

  /** Makes entries pending again whose dead letter was refused by the EXEC that acknowledged them. */
  async #restore(): Promise<void> {
    const ids = [...this.#acknowledgedUnstored];
    if (ids.length === 0) return;
    const { stream, group, consumer } = this.#identity;
    try {
      await this.#command('XCLAIM', stream, group, consumer, 0, ...ids, 'FORCE', 'JUSTID');
    } catch (thrown) {
      // A group that is created again delivers them again.
      if (!(thrown instanceof GroupVanishedError)) throw thrown;
    }
    for (const id of ids) this.#acknowledgedUnstored.delete(id);
  }

  get #aloneKey(): string {
    return groupKey(this.#identity.stream, this.#identity.group, 'alone');
  }

  async #read(command: string, args: RedisArgument[], blockMs: number): Promise<unknown> {
    try {
      return await this.#reader.callBlocking(blockMs, command, args);
    } catch (thrown) {
      throw this.#explain(this.#reader, command, thrown);
    }
  }

  async #command(command: string, ...args: RedisArgument[]): Promise<unknown> {
    try {
      return await this.#commands.call(command, ...args);
    } catch (thrown) {
      throw this.#explain(this.#commands, command, thrown);
    }
  }

  #explain(connection: RedisConnection, command: string, thrown: unknown): Error {
    if (needsNewConnection(thrown)) connection.replace();
    const { stream, group } = this.#identity;
    return explainReply(asError(thrown), `${command} (stream ${stream}, group ${group})`);
  }
}

function quotaUsedUp({ stream, group }: GroupIdentity, stored: number, quota: number): DeadLetterQuotaError {
  const key = groupKey(stream, group, 'dead-letters');
  return new DeadLetterQuotaError(
    `Group ${group} of stream ${stream} has ${stored} dead letters, and its quota is ${quota}: no more are added.`,
    `Find out why entries are set aside, make room in ${key}, or raise deadLetterQuota.`,
  );
}

/** The connections to one server; undefined before there is any. */
interface Pair {
  readonly reader: number | undefined;
  readonly commands: number | undefined;
}

function chunks<Item>(items: readonly Item[]): (readonly Item[])[] {
  if (items.length <= MAX_IDS_PER_COMMAND) return items.length === 0 ? [] : [items];
  const parts: Item[][] = [];
  for (let i = 0; i < items.length; i += MAX_IDS_PER_COMMAND) parts.push(items.slice(i, i + MAX_IDS_PER_COMMAND));
  return parts;
}
