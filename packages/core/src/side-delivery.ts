import { BatchDelivery, type DeliveryPorts } from './batch-delivery.ts';
import type { Entry, EntryId } from './entry.ts';
import type { DeadLetter } from './group.ts';
import { InHand } from './in-hand.ts';
import { RedisTrouble } from './redis-trouble.ts';
import { type SettledGroup, Settling } from './settling.ts';
import type { Report } from './stream-consumer-events.ts';

/** What a consumer lends to deliveries beside its own. */
export type LentPorts<Payload> = Pick<
  DeliveryPorts<Payload>,
  'destination' | 'screen' | 'isolation' | 'spans' | 'clock'
>;

/** Nothing is leased here, for no group has handed it out; how much is delivered at once is up to the caller. */
const UNBOUNDED = { maxEntries: Infinity, maxBytes: Infinity };

/** Where the fates of such entries are written down. Each is tried again until it succeeds, also when only a reply was lost. */
export interface Fates {
  /** Entries whose sink confirmed them. @returns how many there are */
  acknowledge(ids: readonly EntryId[]): Promise<number>;
  /** Entries that cannot be delivered. @returns how many there are */
  setAside(letters: readonly DeadLetter[]): Promise<number>;
}

/** No group handed these entries out: whoever delivers them knows what their IDs mean. */
const EPOCH = 'beside';

/**
 * Delivers entries that did not come by reading, such as dead letters or a range of history: through the same `decode`,
 * schema, sink and gate as the consumer's own, with the same verdicts. Only what becomes of the fates is another's.
 */
export class SideDelivery<Payload = unknown> {
  readonly #ports: LentPorts<Payload>;
  readonly #fates: Fates;
  readonly #report: Report;
  readonly #drain: AbortSignal;

  /** @param drain of the consumer that lends its ports: what is under way is then given up */
  constructor(ports: LentPorts<Payload>, fates: Fates, report: Report, drain: AbortSignal) {
    this.#ports = ports;
    this.#fates = fates;
    this.#report = report;
    this.#drain = drain;
  }

  /**
   * Resolves when the fate of every entry is written down, or when it was given up; then nothing is known of the others.
   * @param entries no two with the same ID
   * @param mode `alone`: one by one, each under a note of what it does to the process, as a suspect of crash isolation is
   * @returns false when the signal aborted, or the consumer drains
   * @throws SinkContractError
   */
  async deliver(entries: readonly Entry[], mode: 'together' | 'alone', signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#ports;
    const ending = AbortSignal.any([signal, this.#drain]);
    const inHand = new InHand(UNBOUNDED, clock);
    const trouble = new RedisTrouble({ clock, report: this.#report });
    const own = { inHand, trouble, clock, report: this.#report };
    const settling = new Settling({ ...own, group: settledBy(this.#fates) }, ending);
    const delivery = new BatchDelivery({ ...this.#ports, ...own, settling });
    const alone = mode === 'alone';
    for (const some of alone ? entries.map((entry) => [entry]) : [entries]) {
      const byteLength = some.reduce((total, entry) => total + entry.byteLength, 0);
      await delivery.deliver({ lease: inHand.take(some, byteLength, EPOCH), alone }, ending);
    }
    await settling.idle();
    return !ending.aborted;
  }
}

function settledBy(fates: Fates): SettledGroup {
  return {
    isCurrent: () => true,
    verify: async (entries) => ({ ids: entries.map(({ id }) => id), epoch: EPOCH }),
    acknowledge: (ids) => fates.acknowledge(ids),
    setAside: (letters) => fates.setAside(letters),
    deliveryCounts: async (ids) => new Map(ids.map((id) => [id, 1])),
  };
}
