import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisConnection } from '@distributary/core';
import type { CollectorFixture, ElasticsearchFixture, RedisFixture } from '@distributary/testing/servers';
import { UsageError } from '../usage-error.ts';
import { type LogLine, Spawned } from './spawned.ts';

export const STREAM = 'syslog_stream';
/** As an operator would have it: nobody kills this Redis. */
const EVERY_SECOND = ['--appendfsync', 'everysec'];

const CONSUMERS = ['consumers/noc', 'consumers/security'];
const TOKEN = 'token-of-the-demonstration';
const READY_WITHIN_MS = 30_000;

/** Leases as short as the demonstration: who dies is taken over while somebody is watching. */
const CLAIM_IDLE_MS = '3000';

/** Everything that the demonstration runs; all of it goes when it is disposed of. */
export interface DemoHouse extends AsyncDisposable {
  readonly redis: RedisFixture;
  readonly elasticsearch: ElasticsearchFixture;
  readonly collector: CollectorFixture;
  readonly connection: RedisConnection;
  /** The named pipe that the shipper reads. */
  readonly pipe: string;
  readonly shipper: Spawned;
  readonly teams: Spawned;
}

/**
 * Starts Redis, both destinations, the shipper and both teams. Redis and what the environment does not name are started
 * for the occasion.
 * @param say told of each step, and of what goes wrong
 * @throws UsageError outside a checkout
 */
export async function openHouse(say: (text: string) => void): Promise<DemoHouse> {
  if (!CONSUMERS.every((folder) => existsSync(join(folder, 'package.json')))) {
    throw new UsageError('The demonstration runs the consumers of a checkout. Run it at the top of one: npm start');
  }
  const { redisCapability, startCollector, startElasticsearch, startRedis } = await import(
    '@distributary/testing/servers'
  );
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'distributary-demo-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));

  const { REDIS_URL: _, ...environment } = process.env;
  const persistent = redisCapability(environment).kind === 'process';
  const redis = started.use(
    await startRedis({ environment, persistent, ...(persistent ? { args: EVERY_SECOND } : {}) }),
  );
  say(`Redis: ${redis.describe}${persistent ? ', append-only file on' : ''}`);
  const elasticsearch = started.use(await startElasticsearch({ process: true }));
  say(`Elasticsearch of the NOC: ${elasticsearch.describe}`);
  const collector = started.use(await startCollector({ process: true, token: process.env['SIEM_TOKEN'] ?? TOKEN }));
  say(`Event collector of Security: ${collector.describe}`);

  const tellTrouble = ({ level, process, name, msg, reason }: LogLine) => {
    if (level === 'error' || level === 'warn') say(`${name ?? process}: ${msg}${reason ? ` (${reason})` : ''}`);
  };
  const pipe = join(folder, 'syslog_stream');
  const teamEnvironment = {
    REDIS_URL: redis.url,
    ELASTICSEARCH_URL: elasticsearch.url,
    SIEM_URL: collector.url,
    SIEM_TOKEN: process.env['SIEM_TOKEN'] ?? TOKEN,
    DISTRIBUTARY_CLAIM_IDLE_MS: CLAIM_IDLE_MS,
    LOG_LEVEL: 'info',
  };
  const shipper = started.use(
    new Spawned(
      ['ship', '--fifo', pipe, '--wal', join(folder, 'wal'), '--stream', STREAM],
      teamEnvironment,
      tellTrouble,
    ),
  );
  say('Shipper: a named pipe through a write-ahead log into syslog_stream');
  const teams = started.use(new Spawned(['run', ...CONSUMERS, '--replicas', '2'], teamEnvironment, tellTrouble));
  say('Teams: two processes each for the NOC and for Security');
  const connection = new RedisConnection({ url: redis.url }, 'distributary:demo');
  started.defer(() => connection.close());
  await ready(shipper, 'the shipper', () => existsSync(pipe) && said(shipper, 'running'));
  await ready(teams, 'the teams', () =>
    ['noc-1', 'noc-2', 'security-1', 'security-2'].every((name) => said(teams, 'running', name)),
  );

  const everything = started.move();
  return {
    redis,
    elasticsearch,
    collector,
    connection,
    pipe,
    shipper,
    teams,
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

function said({ log }: Spawned, msg: string, process?: string): boolean {
  return log.some((line) => line.msg === msg && (process === undefined || line.process === process));
}

async function ready(spawned: Spawned, what: string, isReady: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!isReady()) {
    if (!spawned.isRunning || performance.now() > deadline) {
      const last = spawned.log.map(({ process, msg }) => `  ${process}: ${msg}`).join('\n');
      throw new Error(`The demonstration waited for ${what} in vain. The last that was said:\n${last}`);
    }
    await sleep(50);
  }
}
