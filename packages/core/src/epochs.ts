import { RedisUnavailableError } from './errors.ts';
import type { Epoch } from './group.ts';
import type { RedisConnection } from './redis-connection.ts';
import { serverOf } from './server-probe.ts';

/** The connections to one server; undefined before there is any. */
interface Pair {
  readonly reader: number | undefined;
  readonly commands: number | undefined;
}

/** Tells one epoch from the next, for a group that reads over one connection and acknowledges over another. */
export class Epochs {
  readonly #reader: RedisConnection;
  readonly #commands: RedisConnection;
  /** The connections that are known to lead to the same server. */
  #paired: Pair = { reader: undefined, commands: undefined };
  #creations = 0;

  constructor({ reader, commands }: { readonly reader: RedisConnection; readonly commands: RedisConnection }) {
    this.#reader = reader;
    this.#commands = commands;
  }

  /**
   * Connects where needed. @returns the number of the reader's connection
   * @throws RedisUnavailableError, also when the two lead to different servers
   */
  async connect(): Promise<number> {
    const reader = await this.#reader.connect();
    const commands = await this.#commands.connect();
    if (reader !== this.#paired.reader || commands !== this.#paired.commands) await this.#pair({ reader, commands });
    return reader;
  }

  /** Whether that epoch is not over, and a command that is sent at once goes to its server. */
  isCurrent(epoch: Epoch): boolean {
    return this.#commands.openGeneration !== undefined && epoch === this.current;
  }

  /** The epoch of what the connection for commands says. */
  get current(): Epoch {
    return `${this.#commands.openGeneration}/${this.#creations}`;
  }

  /** The epoch of what is read now: known only while both connections are known to lead to the same server. */
  get ofReading(): Epoch {
    const { reader, commands } = this.#paired;
    const known = reader === this.#reader.openGeneration && commands === this.#commands.openGeneration;
    return known ? this.current : 'unknown';
  }

  /** The group is about to be created: whatever made this necessary may have taken the stream along. */
  begin(): void {
    this.#creations++;
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
}
