import {
  type Checkpoint,
  type CheckpointStore,
  checkpointOf,
  finishedUpTo,
  holdsGood,
  type Recreation,
  restart,
  resumption,
  setback,
} from './checkpoint.ts';
import type { Clock } from './clock.ts';
import { compareEntryIds, type EntryId } from './entry.ts';
import { asError, GroupVanishedError, RedisUnavailableError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import type { Group, Survey } from './group.ts';
import type { Report } from './stream-consumer-events.ts';

/** Where a group's checkpoints are kept. */
export interface CheckpointStores {
  /** Beside the stream. It goes where the stream goes, so it knows nothing that this server has lost. */
  readonly beside: CheckpointStore & { saveRecreation(recreation: Recreation): Promise<void> };
  /** Outside of Redis. */
  readonly outside: CheckpointStore | undefined;
}

const FIRST: EntryId = '0-0';

/**
 * Keeps the group's checkpoint, and creates the group: where it does not exist yet as the options have it, where it has
 * vanished behind its checkpoint or, wherever that is in doubt, at the beginning. Whatever goes wrong with a checkpoint is
 * reported and holds up nothing.
 */
export class CheckpointKeeper {
  readonly #group: Group;
  readonly #stores: CheckpointStores;
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #everyMs: number;
  readonly #told = new Set<string>();
  /** The newest that was written, as far as this process knows. */
  #last: Checkpoint | undefined;

  constructor(
    ports: { readonly group: Group; readonly stores: CheckpointStores; readonly clock: Clock; readonly report: Report },
    { everyMs }: { readonly everyMs: number },
  ) {
    this.#group = ports.group;
    this.#stores = ports.stores;
    this.#clock = ports.clock;
    this.#report = ports.report;
    this.#everyMs = everyMs;
  }

  /** Creates the group where needed. @throws RedisUnavailableError */
  async begin(startFrom: 'beginning' | 'now'): Promise<void> {
    const { beside, outside } = this.#stores;
    const known = [await this.#read(beside), outside && (await this.#read(outside))];
    if (known.every((one) => one === undefined)) {
      if (await this.#group.create(startFrom)) this.#report('groupCreated', { startFrom });
      return;
    }
    this.#last = newest(known);
    const survey = await this.#survey(FIRST);
    if (survey?.group) return;
    await this.recreate(
      new GroupVanishedError('The group is not there, and its checkpoint is: it was deleted or lost.'),
    );
  }

  /** Creates the group again, unless another process has done so. @throws RedisUnavailableError */
  async recreate(reason: GroupVanishedError): Promise<void> {
    // What this process remembers, or has from outside, may be ahead of a server that was set back.
    const checkpoint = newest([await this.#read(this.#stores.beside)]) ?? this.#last;
    const survey = await this.#survey(checkpoint?.id ?? FIRST);
    // At the beginning first: whatever comes between, that loses nothing.
    const created = await this.#group.create('beginning');
    this.#last = undefined;
    if (!created) return;
    await failpoint('after-recreate');
    const resumes =
      checkpoint && survey && holdsGood(checkpoint, survey) && (await this.#attempt(() => this.#resume(checkpoint)));
    const recreation = resumes ? resumption(checkpoint, survey) : restart(checkpoint, survey);
    this.#report('groupRecreated', { reason, ...recreation });
    await this.#attempt(() => this.#stores.beside.saveRecreation(recreation));
  }

  /** Writes the checkpoint every so often, until the signal aborts. */
  async keep(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await this.#clock.sleep(this.#everyMs, until);
      if (!until.aborted) await this.write();
    }
  }

  /**
   * Writes down how far the group has come. Several processes of a group do so, and a late one may set the checkpoint
   * back a little: each is true of its stream for ever, so that costs duplicates at most.
   */
  async write(): Promise<void> {
    const checkpoint = await this.#attempt(() => this.#look());
    if (!checkpoint || isSame(checkpoint, this.#last)) return;
    const { beside, outside } = this.#stores;
    await this.#attempt(async () => failpoint('before-checkpoint'));
    const saved = [await this.#attempt(() => saveIn(beside, checkpoint))];
    await this.#attempt(async () => failpoint('after-checkpoint'));
    if (outside) saved.push(await this.#attempt(() => saveIn(outside, checkpoint)));
    if (!saved.every(Boolean)) return;
    this.#told.clear();
    this.#last = checkpoint;
  }

  async #look(): Promise<Checkpoint | undefined> {
    const before = await this.#group.survey(FIRST);
    if (!before?.group) return undefined;
    // The stream may be another one by now, so the second look has to say for itself how far the group has come.
    const survey = await this.#group.survey(finishedUpTo(before.group));
    if (!survey?.group) return undefined;
    const lost = this.#last && setback(this.#last, survey);
    if (lost) {
      this.#last = undefined;
      this.#report('groupSetBack', lost);
      await this.#stores.beside.saveRecreation(lost);
    }
    return checkpointOf(survey);
  }

  /**
   * Moves the group, just created at the beginning, behind the checkpoint's entry. A stream that was deleted since it was
   * looked at takes the group along, so that nobody is moved; one that even has a group again is looked at once more.
   */
  async #resume(checkpoint: Checkpoint): Promise<boolean> {
    const { id } = checkpoint;
    await this.#group.moveTo(id);
    const survey = await this.#group.survey(id);
    if (survey && holdsGood(checkpoint, survey)) return true;
    await this.#group.moveTo(FIRST);
    return false;
  }

  async #read(store: CheckpointStore): Promise<Checkpoint | 'unreadable' | undefined> {
    try {
      return await store.load();
    } catch (thrown) {
      const reason = asError(thrown);
      if (isSilence(reason)) throw reason;
      this.#tell(reason);
      return 'unreadable';
    }
  }

  /** Undefined also where this user may not look. @throws RedisUnavailableError when no answer came */
  async #survey(upTo: EntryId): Promise<Survey | undefined> {
    try {
      return await this.#group.survey(upTo);
    } catch (thrown) {
      const reason = asError(thrown);
      if (isSilence(reason)) throw reason;
      this.#tell(reason);
      return undefined;
    }
  }

  /** Undefined when it failed, which is reported unless no answer came: whoever reads meets an outage, too. */
  async #attempt<Result>(run: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await run();
    } catch (thrown) {
      const reason = asError(thrown);
      if (!isSilence(reason)) this.#tell(reason);
      return undefined;
    }
  }

  #tell(reason: Error): void {
    if (this.#told.has(reason.message)) return;
    this.#told.add(reason.message);
    this.#report('checkpointFailed', { reason });
  }
}

async function saveIn(store: CheckpointStore, checkpoint: Checkpoint): Promise<true> {
  await store.save(checkpoint);
  return true;
}

function newest(known: readonly (Checkpoint | 'unreadable' | undefined)[]): Checkpoint | undefined {
  const readable = known.filter((one) => one !== undefined && one !== 'unreadable');
  return readable.sort((a, b) => compareEntryIds(a.id, b.id)).at(-1);
}

/** Whether no answer came, or the group has vanished meanwhile: neither says anything of the checkpoint. */
function isSilence(reason: Error): boolean {
  if (reason instanceof GroupVanishedError) return true;
  return reason instanceof RedisUnavailableError && (reason.cause as Error | undefined)?.name !== 'ReplyError';
}

function isSame(one: Checkpoint, other: Checkpoint | undefined): boolean {
  return JSON.stringify({ ...one, at: '' }) === JSON.stringify({ ...other, at: '' });
}
