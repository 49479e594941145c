import { removeIdleConsumers } from './consumer-removal.ts';
import type { EntryId } from './entry.ts';
import { asError, OptionsError } from './errors.ts';
import { groupKey, streamKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { explainReply } from './redis-reply.ts';
import { RetentionLock } from './retention-lock.ts';
import type { DeclaredGroup } from './retention-policy.ts';
import { type ShedRange, type SliceReply, trimSlice } from './retention-script.ts';

export interface JanitorOptions {
  readonly stream: string;
  /** Every group that has to have an entry before it goes. Others that read the stream are protected as well. */
  readonly groups: readonly DeclaredGroup[];
  /** The newest so many entries stay although everyone has had them, for teams to come. Default 0. */
  readonly keep?: number;
  /** For how long the stream is this janitor's after it was last heard of. Default 30,000. */
  readonly lockMs?: number;
  /** Consumers of the declared groups that hold nothing and were not heard of for so long are removed. Default 3,600,000. */
  readonly forgetAfterMs?: number;
}

export interface PassOptions {
  /** Nothing is changed and no lock is taken: says what a pass would trim now. */
  readonly dryRun?: boolean;
  /** Ends the pass after the slice under way. */
  readonly signal?: AbortSignal;
  /** Called after each slice with what the pass has trimmed by then. */
  readonly onProgress?: (trimmed: number) => void;
}

export interface ForgottenConsumer {
  readonly group: string;
  readonly consumer: string;
}

/** What a pass did, or would do. */
export interface RetentionPass {
  readonly stream: string;
  /**
   * `done`: everything that may go is gone; `missing`: a declared group is not there, so nothing (more) was trimmed;
   * `locked`: another janitor is at it; `lockLost`: another took over amid the pass; `stopped`: by the signal.
   */
  readonly outcome: 'done' | 'missing' | 'locked' | 'lockLost' | 'stopped';
  readonly trimmed: number;
  /** Per group what went although the group had not acknowledged it; each range is one of the pass's slices. */
  readonly shed: readonly ShedRange[];
  /** Declared groups that do not exist. */
  readonly missing: readonly string[];
  /** Groups that exist and are not declared. They are protected. */
  readonly undeclared: readonly string[];
  /** The groups for which the oldest entry that is left is kept; empty when nothing is left, or nobody needs it. */
  readonly neededBy: readonly string[];
  /** Consumers that were removed; only after everything that may go is gone. */
  readonly forgotten: readonly ForgottenConsumer[];
  /** Where the other janitor runs. */
  readonly lockedBy: string | undefined;
}

const DEFAULT_LOCK_MS = 30_000;

/**
 * An hour. Before Redis 7.2 a consumer is heard of only when it is given something; one that is alive and removed all the
 * same comes back with its next read, within a second.
 */
const DEFAULT_FORGET_AFTER_MS = 3_600_000;

const NOTHING = {
  trimmed: 0,
  shed: [],
  missing: [],
  undeclared: [],
  neededBy: [],
  forgotten: [],
  lockedBy: undefined,
} as const;

/**
 * Trims one stream: what every group has had, and of what a team sheds, only what is outside the team's own bounds. Then
 * removes the names of consumers that never came back.
 */
export class Janitor {
  readonly #connection: RedisConnection;
  readonly #options: JanitorOptions;
  readonly #lock: RetentionLock;
  readonly #keys: readonly string[];

  /** @throws OptionsError when no group is declared, or one is twice */
  constructor(connection: RedisConnection, options: JanitorOptions) {
    const { stream, groups, lockMs = DEFAULT_LOCK_MS } = options;
    const names = groups.map(({ group }) => group);
    if (names.length === 0) throw new OptionsError(`Nobody is declared to read ${stream}: name the groups to ask.`);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new OptionsError(`Group ${twice} of ${stream} is declared twice: keep one of them.`);
    this.#connection = connection;
    this.#options = options;
    this.#lock = new RetentionLock(streamKey(stream, 'janitor'), lockMs);
    this.#keys = [stream, this.#lock.key, ...names.map((name) => groupKey(stream, name, 'shed'))];
  }

  /**
   * Trims slice by slice until nothing more may go. The stream stays this janitor's until `release`, or until it has
   * not been heard of for `lockMs`.
   * @throws RedisUnavailableError; what was trimmed by then is trimmed, and what was shed is in the account
   */
  async pass({ dryRun = false, signal, onProgress }: PassOptions = {}): Promise<RetentionPass> {
    const { stream } = this.#options;
    try {
      const lockedBy = dryRun ? undefined : await this.#lock.take(this.#connection);
      if (lockedBy !== undefined) return { ...NOTHING, stream, outcome: 'locked', lockedBy };
      const pass = await this.#slices(dryRun, signal, onProgress);
      return pass.outcome === 'done' ? { ...pass, forgotten: await this.#forget(dryRun) } : pass;
    } catch (thrown) {
      throw explainReply(asError(thrown), `trimming ${stream}`);
    }
  }

  /** Lets another janitor have the stream at once. @throws RedisUnavailableError */
  async release(): Promise<void> {
    try {
      await this.#lock.release(this.#connection);
    } catch (thrown) {
      throw explainReply(asError(thrown), `releasing the lock ${this.#lock.key}`);
    }
  }

  async #slices(dryRun: boolean, signal?: AbortSignal, onProgress?: (trimmed: number) => void): Promise<RetentionPass> {
    const { stream } = this.#options;
    let from: EntryId | '-' = '-';
    let trimmed = 0;
    const shed: ShedRange[] = [];
    for (;;) {
      const slice: SliceReply = await this.#slice(
        dryRun ? { counted: { from, entries: trimmed } } : { lock: this.#lock },
      );
      if (slice.outcome === 'lockLost') return { ...NOTHING, stream, outcome: 'lockLost', trimmed, shed };
      if (slice.outcome === 'missing') {
        return { ...NOTHING, stream, outcome: 'missing', trimmed, shed, missing: slice.missing };
      }
      trimmed += slice.trimmed;
      shed.push(...(slice.shed ?? []));
      if (slice.trimmed > 0) onProgress?.(trimmed);
      if (slice.done || signal?.aborted) {
        const { undeclared = [], neededBy = [] } = slice;
        const outcome = slice.done ? 'done' : 'stopped';
        return { ...NOTHING, stream, outcome, trimmed, shed, undeclared, neededBy };
      }
      from = slice.next;
    }
  }

  async #forget(dryRun: boolean): Promise<ForgottenConsumer[]> {
    const { stream, groups, forgetAfterMs: idleMs = DEFAULT_FORGET_AFTER_MS } = this.#options;
    const forgotten: ForgottenConsumer[] = [];
    for (const { group } of groups) {
      const names = await removeIdleConsumers(this.#connection, { stream, group }, { idleMs, dryRun });
      forgotten.push(...names.map((consumer) => ({ group, consumer })));
    }
    return forgotten;
  }

  #slice(mode: { lock: RetentionLock } | { counted: { from: EntryId | '-'; entries: number } }): Promise<SliceReply> {
    const { groups, keep = 0 } = this.#options;
    const asked = groups.map(({ group, retention }) => ({
      name: group,
      ...(retention === 'protect' ? {} : { shed: retention.shed }),
    }));
    const lock = 'lock' in mode ? { lock: { token: mode.lock.token, forMs: mode.lock.forMs } } : mode;
    return trimSlice(this.#connection, this.#keys, { ...lock, keep, groups: asked });
  }
}
