import { removeConsumer } from './consumer-removal.ts';
import { DeadLetterStream } from './dead-letter-stream.ts';
import type { Entry, EntryId } from './entry.ts';
import { Epochs } from './epochs.ts';
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
import { GroupConnection } from './group-connection.ts';
import { unreadLoss } from './group-status.ts';
import { surveyGroup } from './group-survey.ts';
import { handBack, MAX_IDS_PER_COMMAND, type PendingRow } from './hand-back.ts';
import { groupKey } from './keys.ts';
import { entriesOfStream, pageOf, type RawEntry } from './read-reply.ts';
import type { RedisConnection } from './redis-connection.ts';
import { isReply } from './redis-reply.ts';
import { sameEntries } from './same-entries.ts';
import type { ServerCapabilities } from './server-probe.ts';

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
  readonly #reader: GroupConnection;
  readonly #commands: GroupConnection;
  readonly #epochs: Epochs;
  readonly #deadLetters: DeadLetterStream;
  readonly #readCommand: readonly string[];

  constructor(identity: GroupIdentity, connections: { reader: RedisConnection; commands: RedisConnection }) {
    this.#identity = identity;
    this.#reader = new GroupConnection(connections.reader, identity);
    this.#commands = new GroupConnection(connections.commands, identity);
    this.#epochs = new Epochs(connections);
    this.#deadLetters = new DeadLetterStream(identity, this.#commands, this.#epochs);
    this.#readCommand = ['GROUP', identity.group, identity.consumer];
  }

  connect(): Promise<number> {
    return this.#epochs.connect();
  }

  isCurrent(epoch: Epoch): boolean {
    return this.#epochs.isCurrent(epoch);
  }

  verify(entries: readonly Entry[]): Promise<SameEntries> {
    return this.#commands.run('looking whether entries are still the same', async (connection) => {
      await connection.connect();
      const epoch = this.#epochs.current;
      const ids: EntryId[] = [];
      for (const some of chunks(entries)) ids.push(...(await sameEntries(connection, this.#identity.stream, some)));
      return { ids, epoch };
    });
  }

  create(startFrom: 'beginning' | 'now'): Promise<boolean> {
    const { stream, group } = this.#identity;
    this.#epochs.begin();
    const from = startFrom === 'now' ? '$' : '0';
    return this.#commands.run('XGROUP CREATE', async (connection) => {
      try {
        await connection.call('XGROUP', 'CREATE', stream, group, from, 'MKSTREAM');
        return true;
      } catch (thrown) {
        if (isReply(thrown, 'BUSYGROUP')) return false;
        // A full Redis refuses XGROUP before it looks whether the group is there; so does a user who may not create groups.
        const refused = isReply(thrown, 'OOM') || isReply(thrown, 'NOPERM');
        if (refused && (await exists(connection, this.#identity))) return false;
        throw thrown;
      }
    });
  }

  survey(upTo: EntryId): Promise<Survey | undefined> {
    return this.#commands.run('looking where the group stands', (connection) => {
      return surveyGroup(connection, this.#identity, upTo);
    });
  }

  async moveTo(lastDelivered: EntryId): Promise<void> {
    const { stream, group } = this.#identity;
    await this.#commands.call('XGROUP', 'SETID', stream, group, lastDelivered);
  }

  unreadLoss(): Promise<UnreadLoss | undefined> {
    return this.#commands.run('XINFO', async (connection) => {
      try {
        return await unreadLoss(connection, this.#identity);
      } catch (thrown) {
        // Whoever may not ask is not told.
        if (isReply(thrown, 'NOPERM')) return undefined;
        throw thrown;
      }
    });
  }

  async readNew(count: number, blockMs?: number): Promise<Page> {
    const block = blockMs === undefined ? [] : ['BLOCK', blockMs];
    const args = [...this.#readCommand, 'COUNT', count, ...block, 'STREAMS', this.#identity.stream, '>'];
    const epoch = this.#epochs.ofReading;
    const reply = await this.#reader.callBlocking(blockMs ?? 0, 'XREADGROUP', args);
    return pageOf(entriesOfStream(reply), epoch);
  }

  async readOwn(after: EntryId, count: number): Promise<OwnPage> {
    const args = [...this.#readCommand, 'COUNT', count, 'STREAMS', this.#identity.stream, after];
    const epoch = this.#epochs.ofReading;
    const entries = entriesOfStream(await this.#reader.callBlocking(0, 'XREADGROUP', args));
    return { ...pageOf(entries, epoch), last: entries.at(-1)?.[0].toString('latin1') as EntryId | undefined };
  }

  async claimIdle(cursor: EntryId, idleMs: number, count: number): Promise<ClaimedPage> {
    const { stream, group, consumer } = this.#identity;
    const epoch = this.#epochs.ofReading;
    const reply = await this.#reader.call('XAUTOCLAIM', stream, group, consumer, idleMs, cursor, 'COUNT', count);
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
    const epoch = this.#epochs.ofReading;
    const reply = await this.#reader.call('XCLAIM', stream, group, consumer, minIdleMs, ...ids);
    // Before Redis 7.0 a trimmed entry is a null among the entries.
    const present = (reply as (RawEntry | null)[]).filter((entry) => entry !== null);
    const page = pageOf(present, epoch);
    const claimed = new Set(page.entries.map((entry) => entry.id));
    const lost = await this.#trimmed(ids.filter((id) => !claimed.has(id)));
    return { ...page, lost: [...page.lost, ...lost] };
  }

  async deliveryCounts(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, number>> {
    const { stream, group, consumer } = this.#identity;
    await this.#deadLetters.restore();
    const asked = new Set(ids);
    const counts = new Map<EntryId, number>();
    const last = ids.at(-1);
    let from: string | undefined = ids[0];
    while (from !== undefined && last !== undefined) {
      const reply = await this.#commands.call('XPENDING', stream, group, from, last, MAX_IDS_PER_COMMAND, consumer);
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
      await this.#commands.call('XCLAIM', stream, group, consumer, 0, ...some, 'JUSTID');
    }
  }

  async acknowledge(ids: readonly EntryId[], epoch: Epoch): Promise<number | undefined> {
    const { stream, group } = this.#identity;
    let acknowledged = 0;
    for (const some of chunks(ids)) {
      if (!this.isCurrent(epoch)) return undefined;
      acknowledged += Number(await this.#commands.call('XACK', stream, group, ...some));
    }
    return acknowledged;
  }

  setAside(letters: readonly DeadLetter[], same: SameEntries, quota: number = Infinity): Promise<number | undefined> {
    return this.#deadLetters.setAside(letters, same, quota);
  }

  async timesAlone(id: EntryId): Promise<number> {
    return Number(await this.#commands.call('HGET', this.#aloneKey, id));
  }

  async noteAlone(id: EntryId, times: number): Promise<void> {
    if (times > 0) await this.#commands.call('HSET', this.#aloneKey, id, times);
    else await this.#commands.call('HDEL', this.#aloneKey, id);
  }

  async handBack({ releases }: Pick<ServerCapabilities, 'releases'>): Promise<HandedBack> {
    // A read that is still blocked would bring more.
    this.#reader.close();
    await this.#deadLetters.restore();
    return this.#commands.run('handing back', (connection) => handBack(connection, this.#identity, { releases }));
  }

  leave(): Promise<boolean> {
    return this.#commands.run('removing the consumer', (connection) => removeConsumer(connection, this.#identity));
  }

  /** Those that the stream no longer holds; none where this user may not look into the stream. */
  #trimmed(ids: readonly EntryId[]): Promise<EntryId[]> {
    const { stream } = this.#identity;
    return this.#commands.run('XRANGE', async (connection) => {
      try {
        const found = await Promise.all(ids.map((id) => connection.call('XRANGE', stream, id, id)));
        return ids.filter((_, i) => (found[i] as unknown[]).length === 0);
      } catch (thrown) {
        if (isReply(thrown, 'NOPERM')) return [];
        throw thrown;
      }
    });
  }

  get #aloneKey(): string {
    return groupKey(this.#identity.stream, this.#identity.group, 'alone');
  }
}

async function exists(connection: RedisConnection, { stream, group }: GroupIdentity): Promise<boolean> {
  return connection.call('XPENDING', stream, group).then(
    () => true,
    () => false,
  );
}

function chunks<Item>(items: readonly Item[]): (readonly Item[])[] {
  if (items.length <= MAX_IDS_PER_COMMAND) return items.length === 0 ? [] : [items];
  const parts: Item[][] = [];
  for (let i = 0; i < items.length; i += MAX_IDS_PER_COMMAND) parts.push(items.slice(i, i + MAX_IDS_PER_COMMAND));
  return parts;
}
