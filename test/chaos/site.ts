import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisConnection } from '@distributary/core';
import {
  type CollectorFixture,
  type ElasticsearchFixture,
  type Fault,
  type RedisFixture,
  startCollector,
  startElasticsearch,
  startRedis,
  TcpProxy,
  type TemporaryFolder,
  temporaryFolder,
  until,
} from '@distributary/testing';
import { Redis } from 'ioredis';
import { ChaosCommand } from './command.ts';

export const STREAM = 'syslog_stream';
export const REPLICAS = 2;

/** Above what a consumer's own beat needs on a busy machine, and soon over. */
export const CLAIM_IDLE_MS = 1_500;

/** When Redis brings its append-only file to the disk: only `always` keeps what it confirmed through its own death. */
export type Fsync = 'everysec' | 'always';

export type TeamName = 'noc' | 'security';

export const TEAMS: readonly TeamName[] = ['noc', 'security'];

/** A team with its processes, its destination, and the proxies in front of what they talk to. */
export interface Team {
  readonly name: TeamName;
  readonly group: 'noc_team' | 'sec_team';
  readonly command: ChaosCommand;
  readonly redis: TcpProxy;
  readonly destination: TcpProxy;
  readonly fixture: ElasticsearchFixture | CollectorFixture;
}

/** All of Distributary as processes, with a fault proxy on every way between them. */
export class Site implements AsyncDisposable {
  readonly redis: RedisFixture;
  readonly fsync: Fsync;
  readonly admin: Redis;
  readonly status: RedisConnection;
  readonly teams: Readonly<Record<TeamName, Team>>;
  readonly shipper: ChaosCommand;
  readonly shipperRedis: TcpProxy;
  readonly #folder: TemporaryFolder;
  #isKept = false;
  readonly #endCommands = () => {
    for (const command of this.#commands) command.killNow();
  };

  private constructor(
    { redis, fsync }: { readonly redis: RedisFixture; readonly fsync: Fsync },
    teams: Readonly<Record<TeamName, Team>>,
    shipper: { readonly command: ChaosCommand; readonly redis: TcpProxy },
    folder: TemporaryFolder,
  ) {
    this.redis = redis;
    this.fsync = fsync;
    this.teams = teams;
    this.shipper = shipper.command;
    this.shipperRedis = shipper.redis;
    this.#folder = folder;
    this.admin = new Redis(redis.url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
    this.admin.on('error', () => undefined);
    this.status = new RedisConnection({ url: redis.url }, 'chaos');
    process.once('exit', this.#endCommands);
  }

  static async open(fsync: Fsync): Promise<Site> {
    const folder = await temporaryFolder();
    const redis = await startRedis({ requireProcess: true, persistent: true, args: ['--appendfsync', fsync] });
    const teams = {
      noc: await openTeam('noc', redis, await startElasticsearch({ standIn: true, process: true })),
      security: await openTeam('security', redis, await startCollector({ standIn: true, process: true })),
    };
    const shipperRedis = await TcpProxy.to(redis.port);
    const command = new ChaosCommand({
      name: 'shipper',
      args: ['ship', '--fifo', pipeIn(folder), '--wal', join(folder.path, 'wal'), '--name', 'chaos'],
      environment: { REDIS_URL: shipperRedis.url },
    });
    const site = new Site({ redis, fsync }, teams, { command, redis: shipperRedis }, folder);
    for (const team of TEAMS) await site.setFaults(team);
    return site;
  }

  get pipe(): string {
    return pipeIn(this.#folder);
  }

  get folder(): string {
    return this.#folder.path;
  }

  /** Resolves once lines can be written. */
  async start(): Promise<void> {
    this.shipper.start();
    for (const team of TEAMS) this.teams[team].command.start();
    await until(() => existsSync(this.pipe), { describe: 'the shipper to make its pipe' });
  }

  /** The faults of a team's destination from now on, beside its refusal of that team's poison. */
  async setFaults(team: TeamName, ...faults: Fault[]): Promise<void> {
    await this.teams[team].fixture.faults?.set(...faults, { kind: 'items', status: 400, containing: poisonOf(team) });
  }

  /** Keeps the folder beyond this site, with the logs and Redis's data. @param notes files by their names */
  async keep(notes: Readonly<Record<string, string>>): Promise<void> {
    this.#isKept = true;
    await mkdir(join(this.folder, 'logs'), { recursive: true });
    for (const command of this.#commands) {
      for (const [i, log] of command.logs().entries()) {
        await writeFile(join(this.folder, 'logs', `${command.name}-${i + 1}.log`), log);
      }
    }
    for (const [name, text] of Object.entries(notes)) await writeFile(join(this.folder, name), text);
    const [, data = ''] = (await this.admin.config('GET', 'dir')) as string[];
    await cp(data, join(this.folder, 'redis'), { recursive: true });
  }

  get #commands(): ChaosCommand[] {
    return [this.shipper, ...TEAMS.map((team) => this.teams[team].command)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#endCommands);
    for (const command of this.#commands) await command.killAll();
    const teams = TEAMS.map((team) => this.teams[team]);
    this.admin.disconnect();
    this.status.close();
    const parts = [this.shipperRedis, ...teams.flatMap((team) => [team.redis, team.destination, team.fixture])];
    for (const part of [...parts, this.redis]) await part[Symbol.asyncDispose]();
    if (!this.#isKept) await this.#folder[Symbol.asyncDispose]();
  }
}

/** What a line holds that the team's destination refuses for good. */
export function poisonOf(team: TeamName): string {
  return `poison-for-${team}`;
}

function pipeIn(folder: TemporaryFolder): string {
  return join(folder.path, 'syslog_stream');
}

async function openTeam(
  name: TeamName,
  { port }: RedisFixture,
  fixture: ElasticsearchFixture | CollectorFixture,
): Promise<Team> {
  const redis = await TcpProxy.to(port);
  const destination = await TcpProxy.to(Number(new URL(fixture.url).port));
  const url = `http://127.0.0.1:${destination.port}`;
  const command = new ChaosCommand({
    name,
    args: ['run', `consumers/${name}`, '--replicas', String(REPLICAS), '--drain-timeout', '10'],
    environment: {
      REDIS_URL: redis.url,
      DISTRIBUTARY_CONSUMER: 'chaos',
      DISTRIBUTARY_CLAIM_IDLE_MS: String(CLAIM_IDLE_MS),
      ...(name === 'noc'
        ? { ELASTICSEARCH_URL: url, ELASTICSEARCH_INDEX: 'chaos-{yyyy.MM.dd}' }
        : { SIEM_URL: url, SIEM_TOKEN: 'token-of-the-chaos' }),
    },
  });
  return { name, group: name === 'noc' ? 'noc_team' : 'sec_team', command, redis, destination, fixture };
}
