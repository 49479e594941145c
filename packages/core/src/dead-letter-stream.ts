import type { GroupIdentity } from './consumer-group.ts';
import { checkDeadLetterQuota, deadLetterFields } from './dead-letters.ts';
import type { EntryId } from './entry.ts';
import type { Epochs } from './epochs.ts';
import { GroupVanishedError, RedisUnavailableError } from './errors.ts';
import type { DeadLetter, SameEntries } from './group.ts';
import type { GroupConnection } from './group-connection.ts';
import { groupKey } from './keys.ts';
import type { RedisArgument } from './redis-connection.ts';

/** Where a group's dead letters are stored as their entries are acknowledged, in one transaction. */
export class DeadLetterStream {
  readonly #identity: GroupIdentity;
  readonly #connection: GroupConnection;
  readonly #epochs: Epochs;
  readonly #acknowledgedUnstored = new Set<EntryId>();

  constructor(identity: GroupIdentity, connection: GroupConnection, epochs: Epochs) {
    this.#identity = identity;
    this.#connection = connection;
    this.#epochs = epochs;
  }

  /** As `Group` has it. */
  async setAside(
    letters: readonly DeadLetter[],
    { ids, epoch }: SameEntries,
    quota: number,
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
    if (crashed.length > 0) commands.push(['HDEL', groupKey(stream, group, 'alone'), ...crashed]);
    await this.restore();
    // EXEC goes on behind a command that fails, so a key of another type must be found out before the XACK is queued.
    checkDeadLetterQuota(this.#identity, Number(await this.#connection.call('XLEN', key)), quota);
    if (!this.#epochs.isCurrent(epoch)) return undefined;
    const storing = `storing ${letters.length} dead letters in ${key}`;
    const replies = await this.#connection.run(storing, (connection) => connection.transaction(commands));
    const failed = letters.filter((_, i) => replies[i] instanceof Error).map((letter) => letter.entry.id);
    if (failed.length > 0) {
      for (const id of failed) if (ids.includes(id)) this.#acknowledgedUnstored.add(id);
      await this.restore();
      const reason = replies.find((reply) => reply instanceof Error);
      const said = this.#connection.explain(`storing a dead letter in ${key} (its entry stays pending)`, reason);
      // Without the reply as its cause, for the other dead letters are stored.
      throw new RedisUnavailableError(said.message);
    }
    return ids.length > 0 ? Number(replies[letters.length]) : 0;
  }

  /** Makes entries pending again whose dead letter was refused by the EXEC that acknowledged them. */
  async restore(): Promise<void> {
    const ids = [...this.#acknowledgedUnstored];
    if (ids.length === 0) return;
    const { stream, group, consumer } = this.#identity;
    try {
      await this.#connection.call('XCLAIM', stream, group, consumer, 0, ...ids, 'FORCE', 'JUSTID');
    } catch (thrown) {
      // A group that is created again delivers them again.
      if (!(thrown instanceof GroupVanishedError)) throw thrown;
    }
    for (const id of ids) this.#acknowledgedUnstored.delete(id);
  }
}
