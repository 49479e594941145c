import { Random } from '../simulation/random.ts';
import { destinationScenarios } from './destination-scenarios.ts';
import { networkScenarios, SHIPPER_NETWORK_SCENARIOS } from './network-scenarios.ts';
import { processScenarios, SHIPPER_SCENARIOS } from './process-scenarios.ts';
import { REDIS_SCENARIOS } from './redis-scenarios.ts';
import type { Place, Scenario } from './scenario.ts';

/** A fault at a place, from when and for how long. */
export interface Step {
  readonly place: Place;
  readonly scenario: Scenario;
  readonly atMs: number;
  readonly forMs: number;
  /** For the chance of its injection. */
  readonly seed: number;
}

interface Plan {
  readonly scenarios: readonly Scenario[];
  /** Between the end of a fault and the beginning of the next, so that something is delivered in between. */
  readonly pause: { readonly leastMs: number; readonly mostMs: number };
}

const OFTEN = { leastMs: 1_000, mostMs: 6_000 };
const SELDOM = { leastMs: 3_000, mostMs: 10_000 };

export const PLANS: Readonly<Record<Place, Plan>> = {
  'noc processes': { scenarios: processScenarios('noc'), pause: OFTEN },
  'security processes': { scenarios: processScenarios('security'), pause: OFTEN },
  'noc destination': { scenarios: destinationScenarios('noc'), pause: OFTEN },
  'security destination': { scenarios: destinationScenarios('security'), pause: OFTEN },
  'noc network': { scenarios: networkScenarios('noc'), pause: OFTEN },
  'security network': { scenarios: networkScenarios('security'), pause: OFTEN },
  shipper: { scenarios: [...SHIPPER_SCENARIOS, ...SHIPPER_NETWORK_SCENARIOS], pause: SELDOM },
  redis: { scenarios: REDIS_SCENARIOS, pause: SELDOM },
};

/** How much later than the last fault an aftermath may end. */
const PATIENCE_MS = 10_000;

/** What happens when: the same for the same seed and duration. Faults have ended by then, save what they leave behind. */
export function scheduleOf(seed: number, durationMs: number): Step[] {
  const random = new Random(seed);
  return Object.entries(PLANS)
    .flatMap(([place, plan]) => stepsOf(place as Place, plan, random, durationMs))
    .sort((a, b) => a.atMs - b.atMs);
}

function stepsOf(place: Place, { scenarios, pause }: Plan, random: Random, durationMs: number): Step[] {
  const steps: Step[] = [];
  let deck: Scenario[] = [];
  let atMs = random.between(0, pause.mostMs);
  while (atMs < durationMs) {
    // Each kind comes before any comes again.
    if (deck.length === 0) deck = shuffled(scenarios, random);
    const scenario = deck.pop() as Scenario;
    const forMs = random.between(scenario.lasts.leastMs, scenario.lasts.mostMs);
    const seed = random.between(1, 2 ** 30);
    const overAtMs = atMs + forMs + (scenario.aftermathMs ?? 0);
    const isInTime = overAtMs <= durationMs + (scenario.aftermathMs ? PATIENCE_MS : 0);
    if (isInTime) steps.push({ place, scenario, atMs, forMs, seed });
    atMs += (isInTime ? forMs : 0) + random.between(pause.leastMs, pause.mostMs);
  }
  return steps;
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.between(0, left.length - 1), 1)[0] as Item);
}
