import { groupKey, streamKey } from '@distributary/core';
import { JOB_COMMANDS } from '@distributary/replay';
import type { Team } from './team.ts';
import { UsageError } from './usage-error.ts';

/** Commands on keys, as Redis's ACL understands them. */
interface Grant {
  readonly keys: readonly string[];
  readonly commands: readonly string[];
}

interface Selector extends Grant {
  /** Left out where there are no selectors, for there the user would have these commands on all of its keys. */
  readonly optional?: true;
}

/** A user of Redis with what it needs and nothing else. */
export interface AccessUser {
  readonly name: string;
  /** What it may on these keys, and the commands that need none. */
  readonly root: Grant;
  /** What it may on these keys alone; Redis 6.2 has no such selectors, there they are added to the above. */
  readonly selectors: readonly Selector[];
}

const CONNECT = ['client|setname', 'select'];
const INSPECT = ['xinfo|stream', 'xinfo|groups', 'xinfo|consumers', 'xpending'];

/**
 * The users of a whole installation: the shipper, a user per package under its name, the monitor and the janitor.
 * @param userOf {@link teamUser} or {@link jobUser}
 */
export function accessUsers(teams: readonly Team[], userOf: (team: Team) => AccessUser = teamUser): AccessUser[] {
  const streams = [...new Set(teams.map(({ stream }) => stream))];
  return [shipper(streams), ...teams.map(userOf), monitor(streams), janitor(streams)];
}

/** `distributary ship`: adds lines, and remembers how far it is, by a script. */
function shipper(streams: readonly string[]): AccessUser {
  const remembered = streams.map((stream) => `distributary:{${hashTag(stream)}}:shipped:*`);
  return {
    name: 'shipper',
    root: { keys: [...streams.map(pattern), ...remembered], commands: [...CONNECT, 'eval', 'evalsha'] },
    selectors: [
      { keys: streams.map(pattern), commands: ['xadd'] },
      { keys: remembered, commands: ['get', 'set'] },
    ],
  };
}

/** `distributary run`: reads and acknowledges, and adds to nothing but its own dead letters. */
export function teamUser({ name, stream, group }: Pick<Team, 'name' | 'stream' | 'group'>): AccessUser {
  const commands = [
    ...['info', 'command|info', ...CONNECT, 'multi', 'exec'],
    ...['xgroup|create', 'xgroup|setid', 'xreadgroup', 'xautoclaim', 'xclaim', 'xack', ...INSPECT, 'xrevrange'],
  ];
  return {
    name,
    root: { keys: [pattern(stream)], commands },
    selectors: [{ keys: [ownKeys(stream, group)], commands: ['exists', 'xadd', 'xlen', 'hget', 'hset', 'hdel'] }],
  };
}

/** A team's user whose processes also run replays, redrives and backfills: by scripts, on the group's own keys alone. */
export function jobUser(team: Pick<Team, 'name' | 'stream' | 'group'>): AccessUser {
  const user = teamUser(team);
  const history = { keys: [pattern(team.stream)], commands: ['xrange'] };
  const jobs = { keys: [ownKeys(team.stream, team.group)], commands: JOB_COMMANDS };
  return { ...user, selectors: [...user.selectors, history, jobs] };
}

/** `distributary status`, `top`, `doctor` and what scrapes: counts, IDs and snapshots, and no entry but the first and last of XINFO. */
function monitor(streams: readonly string[]): AccessUser {
  const asked = ['info', 'command|info', 'time', 'acl|whoami', 'acl|dryrun'];
  const commands = [...CONNECT, ...asked, 'exists', 'xlen', 'hget', 'hgetall', ...INSPECT];
  return {
    name: 'monitor',
    root: { keys: streams.flatMap((stream) => [pattern(stream), allKeys(stream)]), commands },
    selectors: [
      { keys: streams.map((stream) => pattern(streamKey(stream, 'history'))), commands: ['xrange'], optional: true },
    ],
  };
}

/**
 * `distributary retain`: trims, removes dead consumers' names, and keeps its lock, accounts, snapshots and schedule; all by
 * scripts, whose commands are checked one by one. Without its schedule it passes all the same.
 */
function janitor(streams: readonly string[]): AccessUser {
  const commands = [
    ...CONNECT,
    'eval',
    'evalsha',
    'time',
    'exists',
    'xtrim',
    'xlen',
    'xrange',
    'xrevrange',
    'xgroup|delconsumer',
    ...INSPECT,
  ];
  return {
    name: 'janitor',
    root: { keys: streams.flatMap((stream) => [pattern(stream), allKeys(stream)]), commands },
    selectors: [
      { keys: streams.map(allKeys), commands: ['xadd', 'get', 'hget', 'set', 'del', 'pexpire'] },
      {
        keys: streams.map((stream) => `${pattern(streamKey(stream, 'maintenance'))}:*`),
        commands: JOB_COMMANDS,
        optional: true,
      },
    ],
  };
}

/** Every command that a team's consumer sends, with arguments as it does: what its user is tried by. */
export function teamCommands({
  stream,
  group,
}: Pick<Team, 'stream' | 'group'>): [command: string, ...args: string[]][] {
  const letters = groupKey(stream, group, 'dead-letters');
  const alone = groupKey(stream, group, 'alone');
  return [
    ['INFO'],
    ['COMMAND', 'INFO', 'XAUTOCLAIM'],
    ['CLIENT', 'SETNAME', 'name'],
    ['MULTI'],
    ['EXEC'],
    ['XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM'],
    ['XGROUP', 'SETID', stream, group, '0'],
    ['XREADGROUP', 'GROUP', group, 'consumer', 'COUNT', '1', 'STREAMS', stream, '>'],
    ['XAUTOCLAIM', stream, group, 'consumer', '1000', '0-0', 'COUNT', '1'],
    ['XCLAIM', stream, group, 'consumer', '0', '1-1', 'JUSTID'],
    ['XACK', stream, group, '1-1'],
    ['XPENDING', stream, group],
    ['XINFO', 'STREAM', stream],
    ['XINFO', 'GROUPS', stream],
    ['XINFO', 'CONSUMERS', stream, group],
    ['XREVRANGE', stream, '1-1', '-', 'COUNT', '1'],
    ['XADD', letters, '*', 'name', 'value'],
    ['XLEN', letters],
    ['EXISTS', alone],
    ['HGET', alone, '1-1'],
    ['HSET', alone, '1-1', '1'],
    ['HDEL', alone, '1-1'],
  ];
}

/** A key as a pattern that matches it alone. */
function pattern(key: string): string {
  if (/\s/.test(key))
    throw new UsageError(
      `The stream ${JSON.stringify(key)} has a space in its name, which no ACL can hold: rename it.`,
    );
  return key.replace(/[\\*?[\]]/g, '\\$&');
}

function ownKeys(stream: string, group: string): string {
  return `${pattern(groupKey(stream, group, 'dead-letters').slice(0, -'dead-letters'.length))}*`;
}

function allKeys(stream: string): string {
  return `${pattern(groupKey(stream, '', 'alone').slice(0, -':alone'.length))}*`;
}

/** As the shipper takes it, so that its key shares the stream's hash slot. */
function hashTag(stream: string): string {
  return pattern(/\{([^}]+)\}/.exec(stream)?.[1] ?? stream);
}
