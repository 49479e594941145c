import type { Fault } from '@distributary/testing';
import type { Scenario } from './scenario.ts';
import { CLAIM_IDLE_MS, type TeamName } from './site.ts';

const LASTS = { leastMs: 500, mostMs: 5_000 };

const COMMON: Readonly<Record<string, readonly Fault[]>> = {
  'destination-down': [{ kind: 'down' }],
  'destination-busy': [{ kind: 'status', status: 503 }],
  'destination-throttles': [{ kind: 'status', status: 429, retryAfterSeconds: 1 }],
  'destination-refuses-token': [{ kind: 'status', status: 401 }],
  'destination-slow': [{ kind: 'slow', ms: 2 * CLAIM_IDLE_MS }],
  'destination-answers-a-page': [{ kind: 'html' }],
  'destination-takes-small-requests': [{ kind: 'tooLarge', maxBytes: 200_000 }],
  'destination-resets-before-storing': [{ kind: 'reset', after: 'receipt' }],
  'destination-resets-after-storing': [{ kind: 'reset', after: 'commit' }],
  'destination-cuts-its-answer-short': [{ kind: 'truncated' }],
};

const OWN: Readonly<Record<TeamName, Readonly<Record<string, readonly Fault[]>>>> = {
  noc: {
    'items-throttled': [{ kind: 'items', status: 429, every: 2 }],
    'items-unavailable': [{ kind: 'items', status: 503, every: 3 }],
    'items-missing': [{ kind: 'wrongItems', how: 'missing' }],
    'items-renamed': [{ kind: 'wrongItems', how: 'renamed' }],
  },
  security: {
    'events-taken-partly': [{ kind: 'partial', after: 40 }],
    'events-busy': [{ kind: 'items', status: 503, every: 3 }],
  },
};

/** What a team's destination can do wrong, beside refusing that team's poison all the time. */
export function destinationScenarios(team: TeamName): Scenario[] {
  return Object.entries({ ...COMMON, ...OWN[team] }).map(([name, faults]) => ({
    name,
    lasts: LASTS,
    async inject({ site, lasted }) {
      await site.setFaults(team, ...faults);
      await lasted();
      await site.setFaults(team);
    },
  }));
}
