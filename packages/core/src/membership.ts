import { Backoff } from './backoff.ts';
import type { CheckpointKeeper } from './checkpoint-keeper.ts';
import type { Clock } from './clock.ts';
import type { ConsumerRedis } from './consumer-redis.ts';
import { RedisUnavailableError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import type { RedisTrouble } from './redis-trouble.ts';
import type { ServerCapabilities } from './server-probe.ts';
import type { Report } from './stream-consumer-events.ts';

export interface MembershipPorts {
  readonly redis: Pick<ConsumerRedis, 'probe' | 'group'>;
  readonly keeper: CheckpointKeeper;
  readonly trouble: RedisTrouble;
  readonly clock: Clock;
  readonly report: Report;
}

/** How a consumer comes into its group and leaves it. */
export class Membership {
  readonly #ports: MembershipPorts;
  /** What the server can do, once the group is there. */
  #server: ServerCapabilities | undefined;

  constructor(ports: MembershipPorts) {
    this.#ports = ports;
  }

  /**
   * Probes the server and creates the group where needed: tried until Redis answers, for a consumer may be started
   * before it, or until the signal aborts.
   * @throws RedisUnsuitableError
   */
  async join(startFrom: 'beginning' | 'now', drain: AbortSignal): Promise<void> {
    const { redis, keeper, trouble, clock, report } = this.#ports;
    const backoff = new Backoff({ minMs: 100, maxMs: 2_000 }, clock);
    while (!drain.aborted) {
      try {
        const { server, warnings } = await redis.probe();
        report('serverProbed', { server, warnings });
        await keeper.begin(startFrom);
        this.#server = server;
        await failpoint('after-group-create');
        return trouble.over('start');
      } catch (thrown) {
        if (!(thrown instanceof RedisUnavailableError)) throw thrown;
        if (!drain.aborted) trouble.met('start', thrown);
        await clock.sleep(backoff.nextMs(), drain);
      }
    }
  }

  /**
   * The last thing that is done, for whatever a sink confirms from here on is delivered again. What cannot be handed
   * back is taken over once its lease has run out; a name that cannot be removed is the janitor's to remove.
   */
  async leave(): Promise<void> {
    if (!this.#server) return;
    const { redis, report } = this.#ports;
    try {
      const { count, lost } = await redis.group.handBack(this.#server);
      if (lost.length > 0) report('lost', { count: lost.length, ids: lost });
      if (count > 0) report('handedBack', { count });
      await redis.group.leave();
    } catch {
      return;
    }
  }
}
