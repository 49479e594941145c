import {
  asError,
  compareEntryIds,
  type DeadLetterEnvelope,
  type EntryId,
  eventIdentity,
  explainReply,
  type GroupIdentity,
  GroupVanishedError,
  groupKey,
  groupStatus,
  type RedisConnection,
  readDeadLetter,
  StreamHistory,
} from '@distributary/core';

/** Where one entry stands with one group. */
export type Standing =
  /** Not handed out yet. */
  | { readonly state: 'toCome' }
  /** Handed out, so many times, to that consumer; `idleMs` since the last time or since its lease was renewed. */
  | { readonly state: 'pending'; readonly consumer: string; readonly idleMs: number; readonly deliveries: number }
  /** Set aside; `identity` is what its destination would have known it by. */
  | { readonly state: 'deadLetter'; readonly envelope: DeadLetterEnvelope; readonly identity: string }
  /** Done and no dead letter: its sink confirmed it. By whom and when, Redis does not keep. */
  | { readonly state: 'acknowledged' };

type Pending = Extract<Standing, { readonly state: 'pending' }>;
type DeadLetter = Extract<Standing, { readonly state: 'deadLetter' }>;
type LedgerSubject = Pick<GroupIdentity, 'stream' | 'group'>;

/** XPENDING looks at so many entries without holding Redis up. */
const PENDING_PAGE = 1_000;

/** What one group has made of a range of entries, as Redis knows it; reading it changes nothing. */
export class GroupLedger {
  readonly #connection: RedisConnection;
  readonly #subject: LedgerSubject;
  readonly #range: { readonly from: EntryId; readonly to: EntryId | undefined };
  readonly #deadLetterStream: StreamHistory;
  readonly #deadLetters = new Map<EntryId, DeadLetter>();
  #deadLettersAfter = '-';

  /** @param range of the entries that will be asked about; of those alone dead letters are remembered */
  constructor(
    connection: RedisConnection,
    subject: LedgerSubject,
    range: { readonly from: EntryId; readonly to?: EntryId },
  ) {
    this.#connection = connection;
    this.#subject = subject;
    this.#range = { from: range.from, to: range.to };
    this.#deadLetterStream = new StreamHistory(connection, groupKey(subject.stream, subject.group, 'dead-letters'));
  }

  /**
   * @param ids in the order of the stream
   * @throws GroupVanishedError when there is no such group; RedisUnavailableError
   */
  async standings(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, Standing>> {
    const { stream, group } = this.#subject;
    // In this order: what was handed out before the first look and is not pending at the second is done, and a dead
    // letter was stored in the same moment, so that the third look finds it.
    const { exists, lastDeliveredId } = await groupStatus(this.#connection, this.#subject);
    if (!exists || lastDeliveredId === null) {
      throw new GroupVanishedError(
        `There is no group ${group} on the stream ${stream}. Look at npx distributary status --stream ${stream}, or start its consumer with npx distributary run.`,
      );
    }
    const pending = await this.#pending(ids);
    await this.#readDeadLetters();
    const standingOf = (id: EntryId): Standing =>
      pending.get(id) ??
      this.#deadLetters.get(id) ?? {
        state: compareEntryIds(id, lastDeliveredId) > 0 ? 'toCome' : 'acknowledged',
      };
    return new Map(ids.map((id) => [id, standingOf(id)]));
  }

  async #pending(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, Pending>> {
    const { stream, group } = this.#subject;
    const found = new Map<EntryId, Pending>();
    const last = ids.at(-1);
    let from: string | undefined = ids[0];
    while (from !== undefined && last !== undefined) {
      const rows = (await this.#connection
        .call('XPENDING', stream, group, from, last, PENDING_PAGE)
        .catch((thrown: unknown) => {
          throw explainReply(asError(thrown), `XPENDING (stream ${stream}, group ${group})`);
        })) as [id: Buffer, consumer: Buffer, idleMs: number, deliveries: number][];
      for (const [id, consumer, idleMs, deliveries] of rows) {
        const about = { consumer: String(consumer), idleMs: Number(idleMs), deliveries: Number(deliveries) };
        found.set(String(id) as EntryId, { state: 'pending', ...about });
      }
      from = rows.length < PENDING_PAGE ? undefined : `(${rows.at(-1)?.[0]}`;
    }
    return found;
  }

  /** Those that were set aside since the last call. One that is redriven meanwhile is remembered: ask a new ledger. */
  async #readDeadLetters(): Promise<void> {
    const { from, to } = this.#range;
    for await (const page of this.#deadLetterStream.pages({ from: this.#deadLettersAfter, to: '+' })) {
      for (const stored of page) {
        const { envelope, entry } = readDeadLetter(stored);
        if (compareEntryIds(entry.id, from) < 0 || (to !== undefined && compareEntryIds(entry.id, to) > 0)) continue;
        this.#deadLetters.set(entry.id, { state: 'deadLetter', envelope, identity: eventIdentity(entry) });
      }
      this.#deadLettersAfter = `(${page.at(-1)?.id}`;
    }
  }
}
