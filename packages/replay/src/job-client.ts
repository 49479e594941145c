import { clientOptions, type RedisOptions } from '@distributary/core';
import { Redis } from 'ioredis';

/**
 * A connection as BullMQ wants it: it connects again by itself, also when the server it leads to became a replica.
 * @param name what CLIENT LIST shows for it
 * @param maxRetriesPerRequest reconnects before a command is given up; null: it waits for as long as it takes
 */
export function jobClient(redis: RedisOptions, name: string, maxRetriesPerRequest: number | null): Redis {
  return new Redis({
    ...clientOptions(redis),
    connectionName: name,
    disableClientInfo: true,
    enableReadyCheck: false,
    maxRetriesPerRequest,
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  });
}
