import { type RedisConnection, type ServerCapabilities, serverCapabilities } from '@distributary/core';
import { duration } from '../format.ts';
import { answered, type Finding, ok, problem, warning } from './finding.ts';

/** More than this between two clocks shows in every age and lag that is printed. */
const MAX_CLOCK_DIFFERENCE_MS = 5_000;

/** What is true of this Redis whoever uses it. @throws RedisUnavailableError */
export async function serverFindings(connection: RedisConnection): Promise<Finding[]> {
  const server = await serverCapabilities(connection);
  return [
    versionFinding(server),
    evictionFinding(server),
    await persistenceFinding(connection, server),
    await clockFinding(connection),
  ];
}

function versionFinding({ autoclaim, description, releases }: ServerCapabilities): Finding {
  if (!autoclaim) return problem('version', `${description} has no XAUTOCLAIM`, 'use Redis 6.2, Valkey 7.2 or newer');
  return ok('version', `${description}${releases ? ', with XNACK' : ''}`);
}

function evictionFinding({ evictionPolicy, description }: ServerCapabilities): Finding {
  if (evictionPolicy === 'noeviction') return ok('eviction', 'maxmemory-policy noeviction');
  if (evictionPolicy === undefined) return unseen('eviction', 'info');
  return problem(
    'eviction',
    `maxmemory-policy ${evictionPolicy}: ${description} deletes whole streams when memory runs out`,
    'redis-cli CONFIG SET maxmemory-policy noeviction (and in redis.conf)',
  );
}

async function persistenceFinding(connection: RedisConnection, { persistence }: ServerCapabilities): Promise<Finding> {
  const aof = 'redis-cli CONFIG SET appendonly yes (and in redis.conf)';
  if (persistence === undefined) return unseen('persistence', 'config|get');
  if (persistence === 'none') {
    return problem('persistence', "nothing on disk: a restart loses the stream and every group's position", aof);
  }
  if (persistence === 'snapshots')
    return warning('persistence', 'snapshots alone: a crash loses what came since the last', aof);
  const reply = await answered(connection.call('CONFIG', 'GET', 'appendfsync'));
  if (!Array.isArray(reply)) return ok('persistence', 'append-only file');
  const sync = String(reply[1]);
  if (sync !== 'no') return ok('persistence', `append-only file, appendfsync ${sync}`);
  return warning(
    'persistence',
    'append-only file with appendfsync no: a power cut loses up to half a minute',
    'redis-cli CONFIG SET appendfsync everysec (and in redis.conf)',
  );
}

async function clockFinding(connection: RedisConnection): Promise<Finding> {
  const before = Date.now();
  const reply = (await answered(connection.call('TIME'))) as [Buffer, Buffer] | undefined;
  if (!reply) return unseen('clock', 'time');
  const theirs = Number(reply[0]) * 1_000 + Number(reply[1]) / 1_000;
  const difference = theirs - (before + Date.now()) / 2;
  if (Math.abs(difference) <= MAX_CLOCK_DIFFERENCE_MS) return ok('clock', "this host's and Redis's agree");
  return warning(
    'clock',
    `Redis's is ${duration(Math.abs(difference))} ${difference > 0 ? 'ahead of' : 'behind'} this host's`,
    'let NTP set both clocks',
  );
}

function unseen(check: string, command: string): Finding {
  return warning(
    check,
    'this user may not ask',
    `ACL SETUSER <user> +${command}, or ask as another user (REDIS_USERNAME)`,
  );
}
