import type { TcpProxy } from '@distributary/testing';
import type { Injection, Scenario } from './scenario.ts';
import type { Site, TeamName } from './site.ts';

const LASTS = { leastMs: 500, mostMs: 4_000 };

/** What a request may take before a sink gives it up, which a line that lost bytes makes it wait for. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Commands whose replies are lost once Redis has run them. */
const COMMANDS = ['XREADGROUP', 'XACK', 'XAUTOCLAIM', 'XCLAIM', 'XPENDING', 'EXEC'];

/** What can happen on a team's ways to Redis and to its destination. */
export function networkScenarios(team: TeamName): Scenario[] {
  return [
    ...lineScenarios('redis', (site) => site.teams[team].redis, COMMANDS),
    ...lineScenarios('destination', (site) => site.teams[team].destination, ['POST'], REQUEST_TIMEOUT_MS),
  ];
}

/** What can happen on the shipper's way to Redis. */
export const SHIPPER_NETWORK_SCENARIOS: readonly Scenario[] = lineScenarios(
  'shipper-redis',
  (site) => site.shipperRedis,
  ['EVALSHA'],
);

function lineScenarios(
  where: string,
  proxyOf: (site: Site) => TcpProxy,
  commands: readonly string[],
  aftermathMs = 0,
): Scenario[] {
  const scenario = (
    what: string,
    change: (proxy: TcpProxy, injection: Injection) => void,
    heal: (proxy: TcpProxy) => void,
    rest: Partial<Scenario> = {},
  ): Scenario => ({
    name: `${where}-line-${what}`,
    lasts: LASTS,
    async inject(injection) {
      const proxy = proxyOf(injection.site);
      change(proxy, injection);
      await injection.lasted();
      heal(proxy);
    },
    ...rest,
  });
  const toMode = (mode: TcpProxy['mode']) => (proxy: TcpProxy) => {
    proxy.mode = mode;
  };
  const pass = toMode('pass');
  const nothing = () => undefined;
  return [
    scenario(
      'slow',
      (proxy, { random }) => {
        proxy.latencyMs = random.between(20, 300);
      },
      (proxy) => {
        proxy.latencyMs = 0;
      },
    ),
    scenario(
      'narrow',
      (proxy) => {
        proxy.bytesPerSecond = 256 * 1024;
      },
      (proxy) => {
        proxy.bytesPerSecond = Infinity;
      },
    ),
    scenario('sliced', toMode('slice'), pass),
    scenario('reset', (proxy) => proxy.reset(), nothing, { lasts: { leastMs: 0, mostMs: 200 } }),
    scenario(
      'refusing',
      (proxy) => {
        proxy.mode = 'refuse';
        proxy.reset();
      },
      pass,
    ),
    scenario(
      'losing-replies',
      (proxy, { random, tally }) => {
        const command = random.pick(commands);
        tally.note(`${where} loses replies to ${command}`);
        // What nobody asked for in time is not lost later: counting it down is what heals.
        proxy.isWanted = (asked) => asked.includes(command);
        proxy.repliesToLose = random.between(1, 5);
      },
      (proxy) => {
        proxy.repliesToLose = 0;
      },
    ),
    scenario('without-replies', toMode('drop-replies'), pass, { aftermathMs }),
    scenario('blackholed', toMode('blackhole'), pass, { lasts: { leastMs: 2_000, mostMs: 8_000 }, aftermathMs }),
    scenario('half-open', (proxy) => proxy.halfOpen(), nothing, { lasts: { leastMs: 0, mostMs: 200 }, aftermathMs }),
  ];
}
