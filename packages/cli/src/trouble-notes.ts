import { setTimeout as sleep } from 'node:timers/promises';
import { groupKey, RedisConnection, type RedisOptions, type StreamConsumer } from '@distributary/core';
import type { ConsumerTroubles, Trouble } from './consumer-troubles.ts';

/** How often a note is written again while its trouble lasts, and after how long without that nobody believes it. */
const REFRESH_MS = 20_000;
const STALE_MS = 3 * REFRESH_MS;

/** How long the end of a process waits for its note to be taken back; it is soon stale anyway. */
const WITHDRAW_MS = 500;

/** What a consumer says in Redis of a destination that takes nothing, for `status` and `top` on other hosts. */
export interface TroubleNote extends Trouble {
  readonly consumer: string;
}

/**
 * Keeps a note in Redis, in a hash of the group's own, for as long as the sink takes nothing; without trouble nothing is
 * written and nothing connected. A note that cannot be written is not: the log has it, too.
 */
export class TroubleNotes {
  readonly #key: string;
  readonly #consumer: string;
  readonly #troubles: ConsumerTroubles;
  readonly #redis: RedisOptions;
  #connection: RedisConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ identity }: StreamConsumer<unknown>, troubles: ConsumerTroubles, redis: RedisOptions) {
    this.#key = groupKey(identity.stream, identity.group, 'troubles');
    this.#consumer = identity.consumer;
    this.#troubles = troubles;
    this.#redis = redis;
    troubles.onSinkChange(() => this.#write());
  }

  /** Takes the note back and ends the connection, if there is one; a Redis that does not answer is not waited for. */
  async withdraw(): Promise<void> {
    clearInterval(this.#timer);
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#send('HDEL', this.#key, this.#consumer);
    this.#connection = undefined;
    await Promise.race([this.#last, sleep(WITHDRAW_MS, undefined, { ref: false })]);
    connection.close();
  }

  #write(): void {
    const { sink } = this.#troubles;
    clearInterval(this.#timer);
    if (sink === undefined) {
      void this.withdraw();
      return;
    }
    const write = () =>
      this.#send('HSET', this.#key, this.#consumer, JSON.stringify({ ...sink, at: new Date().toISOString() }));
    write();
    this.#timer = setInterval(write, REFRESH_MS).unref();
  }

  /** In turn, so that a note is never written behind its own end. */
  #send(command: string, ...args: string[]): void {
    this.#connection ??= new RedisConnection(this.#redis, `distributary:note:${this.#consumer}`);
    const connection = this.#connection;
    this.#last = this.#last.then(() => connection.call(command, ...args)).catch(() => undefined);
  }
}

/** The notes of a group that are up to date; none where this user may not read them. @throws RedisUnavailableError */
export async function troubleNotes(
  connection: RedisConnection,
  { stream, group }: { readonly stream: string; readonly group: string },
): Promise<readonly TroubleNote[]> {
  const key = groupKey(stream, group, 'troubles');
  const flat = await connection.call('HGETALL', key).catch((thrown: Error) => {
    if (thrown.name === 'ReplyError') return [];
    throw thrown;
  });
  const texts = (flat as Buffer[]).map(String);
  const notes = texts.flatMap((consumer, i) => (i % 2 === 0 ? noteOf(consumer, texts[i + 1] ?? '') : []));
  return notes.sort((a, b) => a.consumer.localeCompare(b.consumer));
}

function noteOf(consumer: string, text: string): TroubleNote[] {
  try {
    const { at, ...trouble } = JSON.parse(text) as Trouble & { readonly at: string };
    return Date.now() - Date.parse(at) < STALE_MS ? [{ consumer, ...trouble }] : [];
  } catch {
    return [];
  }
}
