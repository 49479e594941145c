import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { RedisConnection } from './redis-connection.ts';

/**
 * Takes the lock unless another holds it, and tells who does. Redis refuses SET while it is out of memory, which is
 * when trimming matters most; a script that has begun to write, as by the DEL here, is let finish.
 */
const TAKE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return ARGV[1]
`;

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** The lock of one janitor on one stream; trimming itself looks at it and renews it. */
export class RetentionLock {
  readonly key: string;
  /** Says on which host and by which process the lock is held. */
  readonly token: string = `${hostname()} process ${process.pid} ${randomUUID()}`;
  readonly forMs: number;

  constructor(key: string, forMs: number) {
    this.key = key;
    this.forMs = forMs;
  }

  /** @returns undefined when this janitor holds it now, else the host and process that does */
  async take(connection: RedisConnection): Promise<string | undefined> {
    const holder = String(await connection.call('EVAL', TAKE, 1, this.key, this.token, this.forMs));
    return holder === this.token ? undefined : holder.replace(/ \S+$/, '');
  }

  async release(connection: RedisConnection): Promise<void> {
    await connection.call('EVAL', RELEASE, 1, this.key, this.token);
  }
}
