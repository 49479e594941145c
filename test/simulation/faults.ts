import type { Random } from './random.ts';

/** Everything that can go wrong, each with how likely it is where it can happen; 0 where a seed leaves it out. */
export interface FaultPlan {
  /** A process ends at a step: before or after a command, a delivery, a sleep. */
  readonly crash: number;
  /** A command is lost before Redis ran it; the connection is replaced. */
  readonly commandLost: number;
  /** Redis runs a command and the reply is lost; the connection is replaced. */
  readonly replyLost: number;
  /** Redis runs a command after its connection was given up. */
  readonly commandLate: number;
  /** Redis refuses a command and keeps the connection. */
  readonly refused: number;
  /** Redis takes longer than usual. */
  readonly replySlow: number;
  /** The destination takes nothing of a batch. */
  readonly unavailable: number;
  /** The destination refuses everything until somebody acts. */
  readonly held: number;
  /** The destination stores some of a batch, and the sink throws. */
  readonly storedInPart: number;
  /** The destination stores a batch, and the sink throws. */
  readonly answerLost: number;
  /** A delivery takes longer than a lease. */
  readonly deliverySlow: number;
  /** A delivery ends only when it is aborted, or after many leases. */
  readonly deliveryHangs: number;
  /** The destination wants some entries of a batch again. */
  readonly retried: number;
  /** A sink forgets the result of an entry. */
  readonly resultMissing: number;
  /** A sink cannot be opened. */
  readonly openFails: number;
}

export type FaultKind = keyof FaultPlan | TimedFault;

/** What happens at a time of its own. */
export type TimedFault =
  | 'redisAway'
  | 'failover'
  | 'restored'
  | 'partition'
  | 'full'
  | 'groupDestroyed'
  | 'streamDeleted'
  | 'flushed'
  | 'trimmed'
  | 'sinkAway'
  | 'paused'
  | 'stopped'
  | 'killed'
  | 'newName';

/** Nobody knows whether a command ran. */
export const UNANSWERED: readonly FaultKind[] = [
  'commandLost',
  'replyLost',
  'commandLate',
  'redisAway',
  'failover',
  'restored',
  'partition',
];

/** A command came too late, or was repeated. */
export const CONNECTION_FAULTS: readonly FaultKind[] = [...UNANSWERED, 'refused', 'replySlow'];

/** The group starts anew. */
export const VANISHING: readonly FaultKind[] = ['groupDestroyed', 'streamDeleted', 'flushed', 'failover', 'restored'];

const NONE: FaultPlan = {
  crash: 0,
  commandLost: 0,
  replyLost: 0,
  commandLate: 0,
  refused: 0,
  replySlow: 0,
  unavailable: 0,
  held: 0,
  storedInPart: 0,
  answerLost: 0,
  deliverySlow: 0,
  deliveryHangs: 0,
  retried: 0,
  resultMissing: 0,
  openFails: 0,
};

/** The part of the world that a seed lets fail. */
export type Theatre = 'everything' | 'processes' | 'redis' | 'sinks';

export function planFaults(random: Random, theatre: Theatre): FaultPlan {
  const among = (kinds: Partial<FaultPlan>) =>
    Object.fromEntries(Object.entries(kinds).filter(() => random.chance(0.5))) as Partial<FaultPlan>;
  const processes = () => among({ crash: random.pick([0.002, 0.006, 0.015]) });
  const redis = () => among({ commandLost: 0.01, replyLost: 0.01, commandLate: 0.01, refused: 0.02, replySlow: 0.03 });
  const sinks = () =>
    among({
      unavailable: 0.15,
      held: 0.03,
      storedInPart: 0.1,
      answerLost: 0.1,
      deliverySlow: 0.08,
      deliveryHangs: 0.02,
      retried: 0.15,
      resultMissing: random.chance(0.2) ? 0.02 : 0,
      openFails: 0.3,
    });
  if (theatre === 'processes') return { ...NONE, ...processes(), ...sinks() };
  if (theatre === 'redis') return { ...NONE, ...redis() };
  if (theatre === 'sinks') return { ...NONE, ...sinks() };
  return { ...NONE, ...processes(), ...redis(), ...sinks() };
}

/** Decides at each step whether it fails, and counts the faults that were injected. */
export class Faults {
  readonly #random: Random;
  readonly #plan: FaultPlan;
  readonly counts = new Map<FaultKind, number>();
  /** Faults end before a run does, so that it can be seen to settle. */
  over = false;

  constructor(random: Random, plan: FaultPlan) {
    this.#random = random;
    this.#plan = plan;
  }

  /** Whether this fault happens now. */
  strikes(kind: keyof FaultPlan): boolean {
    if (this.over || !this.#random.chance(this.#plan[kind])) return false;
    this.count(kind);
    return true;
  }

  /** The first of these faults that happens now. */
  among<Kind extends keyof FaultPlan>(kinds: readonly Kind[]): Kind | undefined {
    return kinds.find((kind) => this.strikes(kind));
  }

  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  has(...kinds: readonly FaultKind[]): boolean {
    return kinds.some((kind) => this.counts.has(kind));
  }
}
