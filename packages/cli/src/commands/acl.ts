import { secretFrom } from '@distributary/core';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type AccessUser, accessUsers, jobUser, teamUser } from '../access-rules.ts';
import { accessWords, dialectOf } from '../access-text.ts';
import { readTeam } from '../team.ts';
import { UsageError } from '../usage-error.ts';

interface AclOptions {
  readonly redisVersion: string;
  readonly format: 'commands' | 'aclfile';
  readonly jobs?: true;
  readonly json?: true;
}

/** Where no administrator has a user of their own, this ends every way in: it is for a file that can be edited. */
const DEFAULT_OFF = 'user default off';

const JOBS_NEED_SELECTORS =
  'Redis 6.2 cannot restrict what jobs do to the keys of their own group: leave --jobs out, or use Redis 7.0 or newer.';

const EXAMPLES = `
Examples:
  npx distributary acl consumers/noc consumers/security                       with placeholders for the passwords
  DISTRIBUTARY_ACL_NOC_PASSWORD_FILE=/run/secrets/noc npx distributary acl consumers/* | redis-cli
  npx distributary acl consumers/* --redis-version 7.2 --format aclfile > /etc/redis/users.acl
  npx distributary acl consumers/* --json | jq -r '.users[].name'

A user with what it needs and nothing else for the shipper, for each package under its folder's name, for what only looks
(monitor: status, doctor) and for retain (janitor). Give the packages of all teams. Each password is read from
DISTRIBUTARY_ACL_<USER>_PASSWORD_FILE or DISTRIBUTARY_ACL_<USER>_PASSWORD and printed as its SHA-256; a placeholder
stands for one that is not set, and no server takes it. On Valkey give --redis-version 7.2. Redis 6.2 knows no rules
for some keys alone: there a team can add to the stream, and the shipper can overwrite it. Without --jobs no team runs
scripts, nor replay, redrive and backfill. The file ends with "user default off": add an administrator to it first.
Changes nothing.
Exit codes: 0 printed · 2 wrong arguments, environment or package`;

export function aclCommand(): Command {
  return new Command('acl')
    .description('print users of Redis with the least that the shipper, each team, monitor and janitor need')
    .argument('<package...>', 'folders of the consumer packages of all teams')
    .option('--redis-version <version>', 'what the server is compatible with: 6.2, 7.0, 7.2 or newer', version, '7.0')
    .addOption(
      new Option('--format <format>', 'ACL SETUSER commands, or the lines of an aclfile')
        .choices(['commands', 'aclfile'])
        .default('commands'),
    )
    .option('--jobs', "let each team's processes run replays, redrives and backfills, too: scripts on its own keys")
    .option('--json', 'print one JSON object instead')
    .addHelpText('after', EXAMPLES)
    .action(async (packages: string[], { redisVersion, format, jobs, json }: AclOptions) => {
      const teams = await Promise.all(packages.map(readTeam));
      const users = accessUsers(teams, jobs ? jobUser : teamUser);
      refuseNames(users);
      const dialect = dialectOf(redisVersion);
      if (jobs && !dialect.selectors) throw new UsageError(JOBS_NEED_SELECTORS);
      const defined = users.map((user) => {
        const password = secretFrom(process.env, passwordVariable(user.name));
        return { name: user.name, words: accessWords(user, password, dialect), hasPassword: password !== undefined };
      });
      const start = format === 'commands' ? 'ACL SETUSER' : 'user';
      const lines = defined.map(({ name, words }) => `${start} ${name} ${words.join(' ')}`);
      if (json) process.stdout.write(`${JSON.stringify({ redisVersion, users: defined })}\n`);
      else process.stdout.write(`${[...lines, ...(format === 'aclfile' ? [DEFAULT_OFF] : [])].join('\n')}\n`);
      const missing = defined.filter(({ hasPassword }) => !hasPassword).map(({ name }) => passwordVariable(name));
      if (missing.length > 0) process.stderr.write(`Placeholders, for these are not set: ${missing.join(', ')}\n`);
    });
}

function passwordVariable(user: string): string {
  return `DISTRIBUTARY_ACL_${user.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_PASSWORD`;
}

function refuseNames(users: readonly AccessUser[]): void {
  const names = users.map(({ name }) => name);
  const wrong = names.find((name, i) => /\s/.test(name) || names.indexOf(name) !== i);
  if (wrong === undefined) return;
  throw new UsageError(
    `No user can be called ${JSON.stringify(wrong)}: it holds a space, or there are two. Give each package a folder of another name, and none shipper, monitor or janitor.`,
  );
}

/** @throws InvalidArgumentError */
function version(text: string): string {
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)(?:\.\d+)?$/.exec(text) ?? [];
  if (Number(major) * 100 + Number(minor) >= 602) return text;
  throw new InvalidArgumentError('Write it as 6.2, 7.0 or 7.2; older ones than 6.2 cannot be used.');
}
