import { FAILPOINTS } from '@distributary/core';
import type { Drained } from './command.ts';
import type { Injection, Scenario } from './scenario.ts';
import { CLAIM_IDLE_MS, type TeamName } from './site.ts';

const INSTANT = { leastMs: 0, mostMs: 500 };

/** What can happen to a team's processes. */
export function processScenarios(name: TeamName): Scenario[] {
  const commandOf = ({ site }: Injection) => site.teams[name].command;
  return [
    {
      name: 'consumer-killed',
      lasts: INSTANT,
      async inject(injection) {
        const victims = injection.random.chance(0.3) ? commandOf(injection).pids : oneOf(injection, name);
        commandOf(injection).signal(victims, 'SIGKILL');
        injection.tally.kills += victims.length;
        await injection.lasted();
      },
    },
    {
      name: 'team-killed',
      lasts: { leastMs: 0, mostMs: 2 * CLAIM_IDLE_MS },
      async inject(injection) {
        injection.tally.kills += await commandOf(injection).killAll();
        await injection.lasted();
        commandOf(injection).start();
      },
    },
    {
      name: 'supervisor-killed',
      lasts: INSTANT,
      async inject(injection) {
        await commandOf(injection).killSupervisor();
        injection.tally.kills++;
        await injection.lasted();
        commandOf(injection).start();
      },
    },
    {
      name: 'consumer-stopped',
      lasts: { leastMs: CLAIM_IDLE_MS, mostMs: 3 * CLAIM_IDLE_MS },
      async inject(injection) {
        const victims = oneOf(injection, name);
        commandOf(injection).signal(victims, 'SIGSTOP');
        await injection.lasted();
        commandOf(injection).signal(victims, 'SIGCONT');
      },
    },
    {
      name: 'team-drained',
      lasts: INSTANT,
      async inject(injection) {
        expectDrained(name, await commandOf(injection).drain(), injection);
        await injection.lasted();
        commandOf(injection).start();
      },
    },
    {
      name: 'team-doubled',
      lasts: { leastMs: 1_000, mostMs: 4_000 },
      async inject(injection) {
        const twin = commandOf(injection).startTwin();
        await injection.lasted();
        await twin.end('SIGTERM');
      },
    },
    {
      name: 'failpoint',
      lasts: { leastMs: 2_000, mostMs: 5_000 },
      async inject(injection) {
        const { random, tally } = injection;
        const command = commandOf(injection);
        const action = random.pick(['kill', 'kill', 'throw', 'hang', `sleep=${2 * CLAIM_IDLE_MS}`]);
        const spec = `${random.pick(FAILPOINTS)}:nth=${random.between(2, 40)}:${action}`;
        tally.note(`${name} runs with ${spec}`);
        tally.kills += await command.killAll();
        command.start({ DISTRIBUTARY_FAILPOINT: spec });
        await injection.lasted();
        tally.kills += command.consumersKilled + (await command.killAll());
        command.start();
      },
    },
  ];
}

/** What can happen to the shipper's processes. */
export const SHIPPER_SCENARIOS: readonly Scenario[] = [
  {
    name: 'shipper-killed',
    lasts: INSTANT,
    async inject({ site, tally, lasted }) {
      await site.shipper.killSupervisor();
      tally.kills++;
      await lasted();
      site.shipper.start();
    },
  },
  {
    name: 'shipper-reader-killed',
    lasts: INSTANT,
    async inject({ site, tally, lasted }) {
      const { pids } = site.shipper;
      site.shipper.signal(pids, 'SIGKILL');
      tally.kills += pids.length;
      tally.pipeReaderKills += pids.length;
      await lasted();
    },
  },
  {
    name: 'shipper-stopped',
    lasts: { leastMs: 500, mostMs: 7_000 },
    async inject({ site, lasted }) {
      const { pids } = site.shipper;
      site.shipper.signal(pids, 'SIGSTOP');
      await lasted();
      site.shipper.signal(pids, 'SIGCONT');
    },
  },
  {
    name: 'shipper-drained',
    lasts: INSTANT,
    async inject({ site, tally, lasted }) {
      expectDrained('the shipper', await site.shipper.drain(), { tally });
      await lasted();
      site.shipper.start();
    },
  },
];

/** With its destination or Redis away it gives up what it has in hand, and says so with a 1. */
function expectDrained(name: string, drained: Drained | undefined, { tally }: Pick<Injection, 'tally'>): void {
  if (drained === undefined) tally.violated(`SIGTERM did not end ${name} in time`);
  else if (!['before it began', 'with 0', 'with 1'].includes(drained)) {
    tally.violated(`SIGTERM ended ${name} ${drained}`);
  }
}

function oneOf({ site, random }: Injection, name: TeamName): number[] {
  const { pids } = site.teams[name].command;
  return pids.length === 0 ? [] : [random.pick(pids)];
}
