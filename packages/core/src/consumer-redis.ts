import { CheckpointFile } from './checkpoint-file.ts';
import type { CheckpointStores } from './checkpoint-keeper.ts';
import { CheckpointKey } from './checkpoint-key.ts';
import { ConsumerGroup, type GroupIdentity } from './consumer-group.ts';
import type { Group } from './group.ts';
import { type GroupStatus, groupStatus } from './group-status.ts';
import { RedisConnection } from './redis-connection.ts';
import type { RedisOptions } from './redis-options.ts';
import { probeServer, type ServerProbe } from './server-probe.ts';

/** All that a consumer has of its Redis, so that a simulation can stand in for it. */
export interface ConsumerRedis {
  readonly group: Group;
  readonly checkpoints: CheckpointStores;
  /** @throws RedisUnavailableError, RedisUnsuitableError */
  probe(): Promise<ServerProbe>;
  /** @throws RedisUnavailableError */
  status(): Promise<GroupStatus>;
  /** Ends what is under way; it rejects. */
  close(): void;
}

export interface ConsumerRedisOptions extends GroupIdentity {
  readonly redis?: RedisOptions;
  readonly checkpoint?: { readonly folder?: string };
}

/** The ports of one consumer on a real Redis. No I/O happens before the first command. */
export function consumerRedis(options: ConsumerRedisOptions): ConsumerRedis {
  const { redis = {}, stream, group, consumer, checkpoint = {} } = options;
  const identity = { stream, group, consumer };
  const reader = new RedisConnection(redis, `${group}:${consumer}:reader`);
  const commands = new RedisConnection(redis, `${group}:${consumer}:commands`);
  return {
    group: new ConsumerGroup(identity, { reader, commands }),
    checkpoints: {
      beside: new CheckpointKey(commands, identity),
      outside: checkpoint.folder === undefined ? undefined : new CheckpointFile(checkpoint.folder, identity),
    },
    probe: () => probeServer(commands),
    status: () => groupStatus(commands, { stream, group }),
    close: () => {
      reader.close();
      commands.close();
    },
  };
}
