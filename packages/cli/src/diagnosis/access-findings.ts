import type { RedisConnection } from '@distributary/core';
import { teamCommands } from '../access-rules.ts';
import { givenPath, type Team } from '../team.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** What no consumer needs, and what a mistake with it costs everybody. */
function needless({ stream }: Team): string[][] {
  return [['XADD', stream, '*', 'line', 'forged'], ['XTRIM', stream, 'MAXLEN', '0'], ['DEL', stream], ['FLUSHALL']];
}

/**
 * What the team's user of Redis may do, as ACL DRYRUN says: the user named as the package, where there is one, else the
 * one that asks.
 * @param username who asks, where the server does not say
 * @throws RedisUnavailableError
 */
export async function accessFindings(connection: RedisConnection, team: Team, username: string): Promise<Finding[]> {
  const rules = `npx distributary acl ${givenPath(team)}`;
  const self = await whoAmI(connection, username);
  const tried = (await tryOut(connection, team.name, ['PING'])) === 'no such user' ? self : team.name;
  const first = await tryOut(connection, tried, ['PING']);
  if (first === 'unknown command') {
    return [
      warning(
        'access',
        'this server has no ACL DRYRUN, so nobody has tried what the user may do',
        `compare with: ${rules}`,
      ),
    ];
  }
  if (first === 'not permitted') {
    const remedy = `ask as a user that may, such as monitor (REDIS_USERNAME), or: ACL SETUSER ${self} +acl|dryrun`;
    return [warning('access', `${self} may not ask what ${tried} may do`, remedy)];
  }
  const missing = await refused(connection, tried, teamCommands(team));
  if (missing.length > 0) {
    const names = missing.map(([command, ...args]) =>
      /^X(?:GROUP|INFO)$/.test(command ?? '') ? `${command} ${args[0]}` : command,
    );
    return [problem('access', `user ${tried} may not ${names.join(', ')}`, `load its rules: ${rules}`)];
  }
  const forbidden = needless(team);
  const kept = await refused(connection, tried, forbidden);
  if (kept.length === forbidden.length) return [ok('access', `user ${tried} may do what a consumer needs`)];
  const excess = forbidden.filter((command) => !kept.includes(command)).map(([command]) => command);
  return [
    warning('access', `user ${tried} may also ${excess.join(', ')}`, `give the team a user of its own: ${rules}`),
  ];
}

type Trial = 'allowed' | 'refused' | 'no such user' | 'not permitted' | 'unknown command';

async function tryOut(connection: RedisConnection, user: string, command: readonly string[]): Promise<Trial> {
  try {
    const reply = await connection.call('ACL', 'DRYRUN', user, ...command);
    return String(reply) === 'OK' ? 'allowed' : 'refused';
  } catch (thrown) {
    const { name, message } = thrown as Error;
    if (name !== 'ReplyError') throw thrown;
    if (message.startsWith('NOPERM')) return 'not permitted';
    return /User .* not found/i.test(message) ? 'no such user' : 'unknown command';
  }
}

async function refused(
  connection: RedisConnection,
  user: string,
  commands: readonly string[][],
): Promise<readonly string[][]> {
  const trials = await Promise.all(commands.map((command) => tryOut(connection, user, command)));
  return commands.filter((_, i) => trials[i] !== 'allowed');
}

async function whoAmI(connection: RedisConnection, username: string): Promise<string> {
  try {
    return String(await connection.call('ACL', 'WHOAMI'));
  } catch (thrown) {
    if ((thrown as Error).name !== 'ReplyError') throw thrown;
    return username;
  }
}
