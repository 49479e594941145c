import type { Clock } from './clock.ts';
import type { EntryId } from './entry.ts';
import type { Epoch, Group } from './group.ts';
import type { Report } from './stream-consumer-events.ts';

/** How often Redis is asked, before a read, whether entries are gone that the group has not read. */
const LOOK_MS = 5_000;

/** Loss is an event: what was trimmed before the group could have it is reported, once. */
export class LossWatch {
  readonly #group: Group;
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #reported = new Set<EntryId>();
  #nextLookAt = 0;
  /** What was lost unread up to the last look; undefined before the first one on this connection. */
  #unread: number | undefined;
  /** Reading on from a loss. Redis 7.2 and newer forget it then, which must be seen lest it hide what is lost next. */
  #passing = false;

  constructor(ports: { readonly group: Group; readonly clock: Clock; readonly report: Report }) {
    this.#group = ports.group;
    this.#clock = ports.clock;
    this.#report = ports.report;
  }

  /** What was known of entries lost unread may be untrue on this connection. */
  reconnected(): void {
    this.#unread = undefined;
  }

  /** Pending entries that are gone: reported before they leave the group's pending list. @returns false in another epoch: they come again */
  async clear(ids: readonly EntryId[], epoch: Epoch): Promise<boolean> {
    const fresh = ids.filter((id) => !this.#reported.has(id));
    if (fresh.length > 0) this.#report('lost', { count: fresh.length, ids: fresh });
    for (const id of fresh) this.#reported.add(id);
    const cleared = await this.#group.acknowledge(ids, epoch);
    if (cleared === undefined) return false;
    for (const id of ids) this.#reported.delete(id);
    return true;
  }

  /**
   * Entries that were trimmed unread are missing from what is read without a trace, so Redis is asked. What it says was
   * passed over before this connection was made is no news, and after a failover it may be untrue.
   */
  async look(): Promise<void> {
    if (!this.#passing && this.#clock.now() < this.#nextLookAt) return;
    this.#nextLookAt = this.#clock.now() + LOOK_MS;
    const loss = await this.#group.unreadLoss();
    if (!loss) return;
    const known = this.#unread ?? (loss.passed ? loss.count : 0);
    this.#unread = loss.count;
    this.#passing = !loss.passed && loss.count > 0;
    if (loss.count > known) this.#report('lost', { count: loss.count - known, ids: [] });
  }
}
