import { createHash } from 'node:crypto';
import type { Secret } from '@distributary/core';
import type { AccessUser } from './access-rules.ts';

/** What the ACL of a server understands, by the version that it is compatible with. */
export interface AccessDialect {
  /** `%R~` and rules in parentheses: Redis 7.0. */
  readonly selectors: boolean;
  /** The command CLIENT SETINFO, which clients send unasked: Redis 7.2. An older server refuses the whole user. */
  readonly setinfo: boolean;
}

/** @param version such as `7.0`; Valkey is compatible with 7.2 */
export function dialectOf(version: string): AccessDialect {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return { selectors: major >= 7, setinfo: major > 7 || (major === 7 && minor >= 2) };
}

/** The words of a user's definition, behind its name. */
export function accessWords(
  { name, root, selectors }: AccessUser,
  password: Secret | undefined,
  dialect: AccessDialect,
): string[] {
  const grants = dialect.selectors ? [root] : [root, ...selectors.filter(({ optional }) => !optional)];
  const keys = [...new Set(grants.flatMap((grant) => grant.keys))].map((key) => `~${key}`);
  const commands = [
    ...new Set(grants.flatMap((grant) => grant.commands)),
    ...(dialect.setinfo ? ['client|setinfo'] : []),
  ];
  const inParentheses = selectors.map((grant) => `(${words(grant).join(' ')})`);
  return [
    'reset',
    'on',
    `#${password ? sha256(password) : placeholder(name)}`,
    '-@all',
    ...keys,
    ...commands.map((command) => `+${command}`),
    ...(dialect.selectors ? inParentheses : []),
  ];
}

/** No hexadecimal text: a server refuses it, rather than take a password that nobody chose. */
function placeholder(name: string): string {
  return `<sha256 of the password of ${name}>`.replaceAll(' ', '-');
}

function words({ keys, commands }: AccessUser['root']): string[] {
  return [...keys.map((key) => `~${key}`), ...commands.map((command) => `+${command}`)];
}

function sha256(password: Secret): string {
  return createHash('sha256').update(password.reveal()).digest('hex');
}
