import { RedisUnsuitableError } from './errors.ts';
import type { RedisConnection } from './redis-connection.ts';

/** What a server can do, found by asking it and never by its version, which Valkey reports as that of Redis 7.2. */
export interface ServerCapabilities {
  /** Such as `Redis 7.0.15` or `Valkey 8.1.1`; `unknown` where INFO is not permitted. */
  readonly description: string;
  /** XAUTOCLAIM is there: Redis 6.2 or newer. */
  readonly autoclaim: boolean;
  /** XNACK is there: pending entries can be handed back at once (Redis 8.8). */
  readonly releases: boolean;
  /** `noeviction` or another; undefined where INFO is not permitted. */
  readonly evictionPolicy: string | undefined;
  /** What survives a restart; undefined where the server does not say. */
  readonly persistence: 'append-only file' | 'snapshots' | 'none' | undefined;
}

export interface ServerProbe {
  readonly server: ServerCapabilities;
  readonly warnings: readonly string[];
}

/**
 * Asks the server what it is and how it is configured.
 * @throws RedisUnsuitableError when it might evict the stream, or cannot take over idle entries
 */
export async function probeServer(connection: RedisConnection): Promise<ServerProbe> {
  const server = await serverCapabilities(connection);
  refuse(server);
  return { server, warnings: server.description === UNKNOWN ? [UNSEEN] : warningsFor(server) };
}

/** As {@link probeServer}, and judges nothing. */
export async function serverCapabilities(connection: RedisConnection): Promise<ServerCapabilities> {
  const info = parseInfo(await permitted(connection, 'INFO'));
  const commands = await permitted(connection, 'COMMAND', 'INFO', 'XAUTOCLAIM', 'XNACK');
  const [autoclaim, xnack] = Array.isArray(commands) ? commands.map((command) => command !== null) : [true, false];
  return {
    description: describe(info),
    autoclaim: autoclaim ?? true,
    releases: xnack ?? false,
    evictionPolicy: info.get('maxmemory_policy'),
    persistence: await persistenceOf(connection, info),
  };
}

const UNKNOWN = 'unknown';

/** Names the server process behind a connection; the empty text where this user may not ask. */
export async function serverOf(connection: RedisConnection): Promise<string> {
  const told = await permitted(connection, 'INFO', 'server');
  return (told === undefined ? undefined : parseInfo(told).get('run_id')) ?? '';
}

const UNSEEN =
  'This user may not ask Redis how it is configured, so nobody has checked that it evicts nothing and keeps its data. ' +
  'Allow it with: ACL SETUSER <user> +info';

function refuse(server: ServerCapabilities): void {
  if (!server.autoclaim) {
    throw new RedisUnsuitableError(`${server.description} has no XAUTOCLAIM. Use Redis 6.2, Valkey 7.2 or newer.`);
  }
  if (server.evictionPolicy !== undefined && server.evictionPolicy !== 'noeviction') {
    throw new RedisUnsuitableError(
      `${server.description} has maxmemory-policy ${server.evictionPolicy}, which deletes whole streams when memory runs out. ` +
        'Set it with: redis-cli CONFIG SET maxmemory-policy noeviction (and in redis.conf).',
    );
  }
}

function warningsFor(server: ServerCapabilities): string[] {
  if (server.persistence !== 'none') return [];
  return [
    `${server.description} keeps nothing on disk: a restart loses the stream and every group's position. ` +
      'Turn the append-only file on with: redis-cli CONFIG SET appendonly yes (and in redis.conf).',
  ];
}

/** The reply, or undefined where this user may not ask or the server does not know the command. */
async function permitted(connection: RedisConnection, command: string, ...args: string[]): Promise<unknown> {
  try {
    return await connection.call(command, ...args);
  } catch (thrown) {
    if ((thrown as Error).name === 'ReplyError') return undefined;
    throw thrown;
  }
}

async function persistenceOf(
  connection: RedisConnection,
  info: ReadonlyMap<string, string>,
): Promise<ServerCapabilities['persistence']> {
  if (info.get('aof_enabled') === '1') return 'append-only file';
  const reply = await permitted(connection, 'CONFIG', 'GET', 'save');
  if (!Array.isArray(reply) || reply.length < 2 || info.get('aof_enabled') === undefined) return undefined;
  return String(reply[1]) === '' ? 'none' : 'snapshots';
}

function describe(info: ReadonlyMap<string, string>): string {
  const valkey = info.get('valkey_version');
  if (valkey) return `Valkey ${valkey}`;
  const redis = info.get('redis_version');
  return redis ? `Redis ${redis}` : UNKNOWN;
}

function parseInfo(reply: unknown): Map<string, string> {
  const lines = reply === undefined ? [] : String(reply).split(/\r?\n/);
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}
