import type { Recreation } from './checkpoint.ts';
import type { EntryId } from './entry.ts';
import type { DeadLetterVerdict } from './group.ts';
import type { ServerCapabilities } from './server-probe.ts';

export type ConsumerState = 'idle' | 'running' | 'draining' | 'stopped';

/** What a consumer says of itself: one event per batch or change, never one per delivered entry. */
export interface StreamConsumerEvents {
  /** The state field changed. */
  stateChanged: [{ readonly from: ConsumerState; readonly to: ConsumerState }];
  /** The start-up probe: what the server can do, and what is unwise about how it is configured. */
  serverProbed: [{ readonly server: ServerCapabilities; readonly warnings: readonly string[] }];
  /** The group did not exist and was created. */
  groupCreated: [{ readonly startFrom: 'beginning' | 'now' }];
  /** The group had vanished and begins again: behind its checkpoint where the stream is still the same, else at the beginning. */
  groupRecreated: [Recreation & { readonly reason: Error }];
  /** The group, or its stream, is behind what this process knew of it: Redis was set back, or somebody moved the group. */
  groupSetBack: [Recreation];
  /** A checkpoint could not be read or written: told once per reason until it can; everything else goes on. */
  checkpointFailed: [{ readonly reason: Error }];
  /** Pending entries come again: this consumer's own after a (re)connect, or ones that another left idle. */
  takenBack: [{ readonly origin: 'own' | 'claimed'; readonly count: number; readonly suspects: readonly EntryId[] }];
  /** The timeout of `stop` passed, or the consumer had to give up: what it had in hand stays pending. */
  gaveUp: [{ readonly entries: number }];
  /**
   * The sink gave its verdict on each of so many entries, `tookMs` after they were handed to it. An outage in between is
   * part of that; an entry to be retried is counted at each delivery.
   */
  settled: [Settled];
  /** These are pending for nobody any more: the next consumer that looks takes them over, however long the lease was. */
  handedBack: [{ readonly count: number }];
  /** The sink confirmed these; their acknowledgement follows. */
  delivered: [{ readonly count: number; readonly tookMs: number }];
  /** The sink asked for these again. */
  retried: [{ readonly count: number; readonly reason: Error; readonly afterMs: number }];
  /** Set aside in the group's dead-letter stream, and acknowledged. */
  deadLettered: [{ readonly id: EntryId; readonly verdict: DeadLetterVerdict; readonly reason: string }];
  /** A dead letter could not be stored; its entry stays pending and storing it is tried again. */
  deadLetterFailed: [{ readonly ids: readonly EntryId[]; readonly reason: Error }];
  /** The group has used up its quota of dead letters: those that are due stay pending until somebody acts. */
  deadLettersHeld: [{ readonly reason: Error; readonly remedy: string }];
  /** Dead letters are stored again. */
  deadLettersResumed: [];
  /** Trimmed from the stream before this group had them; nobody knows the IDs of those that it had not read yet. */
  lost: [{ readonly count: number; readonly ids: readonly EntryId[] }];
  /** Redis acknowledged fewer entries than were settled: another one did it first, the group was recreated, or they were trimmed meanwhile. */
  acknowledgedFewer: [{ readonly expected: number; readonly acknowledged: number }];
  /** The destination as a whole takes nothing; one batch at a time keeps trying. */
  sinkUnavailable: [{ readonly reason: Error }];
  /** The destination refuses everything until somebody acts. */
  sinkHeld: [{ readonly reason: Error; readonly remedy: string }];
  /** The destination takes entries again. */
  sinkRecovered: [{ readonly afterMs: number; readonly probes: number }];
  /** Redis does not answer or refuses; nothing is read until it does. */
  redisUnavailable: [{ readonly reason: Error }];
  redisRecovered: [{ readonly afterMs: number }];
}

/** The verdicts on one batch, counted. */
export interface Settled {
  readonly entries: number;
  readonly delivered: number;
  /** Of those delivered: the destination held them before. Only some destinations can tell. */
  readonly duplicates: number;
  readonly retried: number;
  readonly rejected: number;
  readonly tookMs: number;
  /** Of those delivered, the first and the last in the order of the batch. */
  readonly firstDelivered: EntryId | undefined;
  readonly lastDelivered: EntryId | undefined;
}

/** How the parts of a consumer report to its listeners. */
export type Report = <Name extends keyof StreamConsumerEvents>(
  name: Name,
  ...payload: StreamConsumerEvents[Name]
) => void;
