import type { TuningOptions } from '@distributary/core';
import { type FaultPlan, planFaults, type Theatre, type TimedFault } from './faults.ts';
import type { Random } from './random.ts';
import type { Flavour } from './redis-model.ts';
import { type EntryKind, MAX_ENTRY_BYTES } from './stream-entry.ts';

/** A place for one process of a group; when its process ends, another one takes it. */
export interface SeatPlan {
  readonly group: string;
  readonly name: string;
}

interface Addition {
  readonly atMs: number;
  readonly kinds: readonly EntryKind[];
}

/** Something that happens once, or lasts for a while. */
export interface Incident {
  readonly atMs: number;
  readonly forMs: number;
  readonly fault: TimedFault;
}

/** All that a seed decides beforehand. Times are in milliseconds since the start. */
export interface Scenario {
  readonly theatre: Theatre;
  readonly flavour: Flavour;
  readonly groups: readonly string[];
  readonly seats: readonly SeatPlan[];
  /** Two processes of a group have the same name, which they should not. */
  readonly twins: boolean;
  readonly tuning: Required<Omit<TuningOptions, 'mask' | 'deadLetterQuota'>> & {
    readonly readAhead: { readonly maxEntries: number };
    readonly claim: { readonly idleMs: number };
    readonly delivery: { readonly concurrency: number };
    readonly crash: { readonly maxAlone: number };
  };
  /** The server's clock stands still. */
  readonly clockStands: boolean;
  readonly commandTimeoutMs: number;
  /** Each group's checkpoint is kept outside of Redis, too. */
  readonly checkpointFile: boolean;
  readonly faults: FaultPlan;
  /** After this nothing fails any more but what poisons. */
  readonly faultsEndMs: number;
  readonly additions: readonly Addition[];
  readonly incidents: readonly Incident[];
}

const THEATRES = ['everything', 'everything', 'processes', 'redis', 'sinks'] as const;

const INCIDENTS: Record<Theatre, readonly TimedFault[]> = {
  everything: [
    'redisAway',
    'failover',
    'restored',
    'partition',
    'full',
    'groupDestroyed',
    'streamDeleted',
    'flushed',
    'trimmed',
    'sinkAway',
    'paused',
    'stopped',
    'killed',
  ],
  processes: ['paused', 'stopped', 'killed', 'killed', 'stopped', 'trimmed'],
  redis: [
    'redisAway',
    'failover',
    'restored',
    'partition',
    'full',
    'groupDestroyed',
    'streamDeleted',
    'flushed',
    'trimmed',
  ],
  sinks: ['sinkAway', 'trimmed'],
};

export function planScenario(random: Random): Scenario {
  const theatre = random.pick(THEATRES);
  const faultsEndMs = random.between(1_500, 5_000);
  const groups = ['a', 'b'].slice(0, random.chance(0.3) ? 2 : 1);
  const twins = theatre === 'everything' && random.chance(0.05);
  const seats = groups.flatMap((group) =>
    [1, 2, 3].slice(0, random.pick([1, 2, 2, 3])).map((i) => ({ group, name: `${group}${twins && i === 2 ? 1 : i}` })),
  );
  return {
    theatre,
    flavour: random.pick(['6.2', '7.0', '7.2', '8.8']),
    groups,
    seats,
    twins,
    tuning: planTuning(random),
    clockStands: random.chance(0.3),
    commandTimeoutMs: random.pick([100, 300, 800]),
    checkpointFile: random.chance(0.5),
    faults: planFaults(random, theatre),
    faultsEndMs,
    additions: planAdditions(random, theatre, faultsEndMs),
    incidents: planIncidents(random, theatre, faultsEndMs),
  };
}

function planTuning(random: Random): Scenario['tuning'] {
  const maxEntries = random.between(1, 8);
  const idleMs = random.pick([600, 1_000, 2_000]);
  return {
    startFrom: random.chance(0.05) ? 'now' : 'beginning',
    batch: { maxEntries, lingerMs: random.pick([0, 0, 20, 60]) },
    readAhead: { maxEntries: maxEntries * random.between(1, 4) },
    delivery: { concurrency: random.pick([1, 1, 2, 3]) },
    claim: { idleMs, renewMs: Math.floor(idleMs / random.pick([2, 3, 4])) },
    crash: { suspectAfter: random.between(1, 3), maxAlone: random.between(1, 3) },
    checkpoint: { everyMs: random.pick([500, 2_000, 5_000]) },
    entry: { maxBytes: MAX_ENTRY_BYTES },
  };
}

function planAdditions(random: Random, theatre: Theatre, faultsEndMs: number): Addition[] {
  const poisoned = theatre !== 'sinks' && theatre !== 'redis' && random.chance(0.1);
  const odd = random.pick([0, 0.02, 0.1]);
  const kindOf = (): EntryKind =>
    random.chance(odd) ? random.pick(['undecodable', 'oversize', 'rejected', 'rejected']) : 'plain';
  const additions = Array.from({ length: random.between(2, 10) }, () => ({
    atMs: random.between(0, faultsEndMs),
    kinds: Array.from({ length: random.between(1, 6) }, kindOf),
  }));
  if (poisoned) {
    additions.push({ atMs: random.between(0, 500), kinds: [random.pick(['poisonsSink', 'poisonsDecode'])] });
  }
  return [...additions, { atMs: faultsEndMs + random.between(0, 500), kinds: ['plain', 'plain'] }];
}

function planIncidents(random: Random, theatre: Theatre, faultsEndMs: number): Incident[] {
  const kinds = INCIDENTS[theatre];
  return Array.from({ length: random.pick([0, 1, 1, 2, 3, 4]) }, () => ({
    atMs: random.between(50, faultsEndMs),
    forMs: random.between(1, 2_500),
    fault: random.pick(kinds),
  }));
}
