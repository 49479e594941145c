import type { Random } from '../simulation/random.ts';
import type { Site } from './site.ts';
import type { Tally } from './tally.ts';

/** Where a fault is injected; at each place one at a time, at different places at once. */
export type Place =
  | 'noc processes'
  | 'security processes'
  | 'noc destination'
  | 'security destination'
  | 'noc network'
  | 'security network'
  | 'shipper'
  | 'redis';

/** What an injection may use. */
export interface Injection {
  readonly site: Site;
  readonly tally: Tally;
  /** Chance of this injection's own, so that what others draw does not change it. */
  readonly random: Random;
  /** Resolves when the fault has lasted long enough. */
  readonly lasted: () => Promise<void>;
}

/** A fault that can be injected somewhere, and is healed when its injection ends. */
export interface Scenario {
  readonly name: string;
  readonly lasts: { readonly leastMs: number; readonly mostMs: number };
  /** How much longer than others what follows it may take, such as a request's own deadline. Default 0. */
  readonly aftermathMs?: number;
  inject(injection: Injection): Promise<void>;
}
