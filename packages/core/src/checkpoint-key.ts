import { type Checkpoint, type CheckpointStore, parseCheckpoint, type Recreation, unreadable } from './checkpoint.ts';
import { asError } from './errors.ts';
import { groupKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { explainReply } from './redis-reply.ts';

/** A time when a group began again, and when that was: ISO 8601. */
export interface RecreationRecord extends Recreation {
  readonly at: string;
}

/** A group's checkpoint beside its stream, in a hash that outlives both, and its last recreation. */
export class CheckpointKey implements CheckpointStore {
  readonly #connection: RedisConnection;
  readonly #key: string;

  constructor(connection: RedisConnection, { stream, group }: { readonly stream: string; readonly group: string }) {
    this.#connection = connection;
    this.#key = groupKey(stream, group, 'checkpoint');
  }

  async load(): Promise<Checkpoint | undefined> {
    const text = await this.#call('HGET', this.#key, 'checkpoint');
    return text === null ? undefined : parseCheckpoint(String(text), `The field checkpoint of ${this.#key}`);
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    await this.#call('HSET', this.#key, 'checkpoint', JSON.stringify(checkpoint));
  }

  /** @returns undefined when the group never had to begin again */
  async loadRecreation(): Promise<RecreationRecord | undefined> {
    const text = await this.#call('HGET', this.#key, 'recreated');
    return text === null ? undefined : parseJson(String(text), `The field recreated of ${this.#key}`);
  }

  async saveRecreation(recreation: Recreation): Promise<void> {
    const record: RecreationRecord = { at: new Date().toISOString(), ...recreation };
    await this.#call('HSET', this.#key, 'recreated', JSON.stringify(record));
  }

  async #call(command: string, ...args: string[]): Promise<unknown> {
    try {
      return await this.#connection.call(command, ...args);
    } catch (thrown) {
      throw explainReply(asError(thrown), `${command} ${this.#key}`);
    }
  }
}

function parseJson(text: string, where: string): RecreationRecord {
  try {
    return JSON.parse(text) as RecreationRecord;
  } catch (cause) {
    throw unreadable(where, cause);
  }
}
