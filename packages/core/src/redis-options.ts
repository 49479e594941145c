import { isIP } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { RedisOptions as ClientOptions } from 'ioredis';
import { OptionsError } from './errors.ts';
import { type Secret, secretFrom } from './secret.ts';

/** How to reach Redis or Valkey, 6.2 or newer. */
export interface RedisOptions {
  /**
   * `redis://`, `rediss://` (TLS), or `redis+sentinel://host:26379,host:26379/master-name` (`rediss+sentinel://` for TLS);
   * may hold a user name and a database number. Default `redis://127.0.0.1:6379`.
   */
  readonly url?: string;
  readonly username?: string;
  readonly password?: Secret;
  /** What Sentinels themselves ask for, where they do. */
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: Secret;
  /** Certificates and the like; given together with a `redis://` URL it turns TLS on. Certificates are always verified. */
  readonly tls?: Pick<TlsOptions, 'ca' | 'cert' | 'key' | 'servername'>;
  /** The longest a command may take before its connection is thrown away, in milliseconds. Default 5,000. */
  readonly commandTimeoutMs?: number;
}

export const DEFAULT_REDIS_URL = 'redis://127.0.0.1:6379';
export const DEFAULT_COMMAND_TIMEOUT_MS = 5_000;

/** Ten minutes: longer than any command takes, and far from what a timer cannot hold. */
const MAX_COMMAND_TIMEOUT_MS = 600_000;

/**
 * `REDIS_URL`, `REDIS_USERNAME` and `REDIS_PASSWORD` (or `REDIS_PASSWORD_FILE`); for Sentinels that ask for it,
 * `REDIS_SENTINEL_USERNAME` and `REDIS_SENTINEL_PASSWORD` (or `REDIS_SENTINEL_PASSWORD_FILE`).
 */
export function redisFromEnvironment(environment: NodeJS.ProcessEnv): RedisOptions {
  const password = secretFrom(environment, 'REDIS_PASSWORD');
  const username = environment['REDIS_USERNAME'];
  const sentinelPassword = secretFrom(environment, 'REDIS_SENTINEL_PASSWORD');
  const sentinelUsername = environment['REDIS_SENTINEL_USERNAME'];
  return {
    url: environment['REDIS_URL'] || DEFAULT_REDIS_URL,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(sentinelUsername ? { sentinelUsername } : {}),
    ...(sentinelPassword ? { sentinelPassword } : {}),
  };
}

/** The URL without its password, for messages. */
export function describeRedis(options: RedisOptions): string {
  return (options.url ?? DEFAULT_REDIS_URL).replace(/\/\/.*@/, '//');
}

/** What the client ioredis takes, for a connection of somebody else's. @throws OptionsError when the URL cannot be understood */
export function clientOptions(options: RedisOptions): ClientOptions {
  checkNames(options);
  checkTimeout(options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS);
  const parts = parseUrl(options.url ?? DEFAULT_REDIS_URL);
  const username = options.username ?? parts.username;
  const password = options.password?.reveal() ?? parts.password;
  const address = parts.masterName
    ? { sentinels: parts.hosts, name: parts.masterName, ...sentinelCredentials(options) }
    : { host: parts.hosts[0]?.host ?? '127.0.0.1', port: parts.hosts[0]?.port ?? 6379 };
  return {
    ...address,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(parts.tls || options.tls ? tlsOptions(options, parts) : {}),
    db: parts.database,
  };
}

function sentinelCredentials({ sentinelUsername, sentinelPassword }: RedisOptions): ClientOptions {
  return {
    ...(sentinelUsername ? { sentinelUsername } : {}),
    ...(sentinelPassword ? { sentinelPassword: sentinelPassword.reveal() } : {}),
  };
}

/** Sentinels and the primary they name are reached the same way; each is verified by the name it was reached under. */
function tlsOptions(options: RedisOptions, { masterName, hosts }: UrlParts): ClientOptions {
  const tls: TlsOptions = { ...options.tls, rejectUnauthorized: true };
  if (masterName) return { tls, sentinelTLS: tls, enableTLSForSentinelMode: true };
  const host = hosts[0]?.host;
  return { tls: host && !isIP(host) ? { servername: host, ...tls } : tls };
}

const NAMES = [
  'url',
  'username',
  'password',
  'sentinelUsername',
  'sentinelPassword',
  'tls',
  'commandTimeoutMs',
] satisfies (keyof RedisOptions)[];

/** A `host` that nobody reads would mean a connection to another server. */
function checkNames(options: RedisOptions): void {
  const unknown = Object.keys(options).find((name) => !(NAMES as string[]).includes(name));
  if (unknown === undefined) return;
  throw new OptionsError(
    `There is no option "redis.${unknown}" (there are ${NAMES.join(', ')}). Host, port and database belong in redis.url.`,
  );
}

function checkTimeout(timeoutMs: number): void {
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= MAX_COMMAND_TIMEOUT_MS) return;
  throw new OptionsError(
    `redis.commandTimeoutMs is ${timeoutMs}. Give whole milliseconds from 1 to ${MAX_COMMAND_TIMEOUT_MS}.`,
  );
}

interface UrlParts {
  readonly tls: boolean;
  readonly hosts: { host: string; port: number }[];
  readonly masterName: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const URL_SHAPE = /^(rediss?)(\+sentinel)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)((?:\/[^@/?#]*)*)$/;

function parseUrl(url: string): UrlParts {
  const [, scheme, sentinel, username, password, hosts = '', path = ''] = URL_SHAPE.exec(url) ?? [];
  const segments = path.split('/').filter(Boolean);
  const masterName = sentinel ? segments.shift() : undefined;
  const database = Number(segments[0] ?? 0);
  const addresses = hosts.split(',').map((host) => parseHost(host, sentinel ? 26379 : 6379));
  const wellFormed = segments.length <= 1 && Number.isInteger(database) && database >= 0;
  if (!wellFormed || (sentinel ? !masterName : addresses.length > 1)) throw invalidUrl();
  return {
    tls: scheme === 'rediss',
    hosts: addresses,
    masterName,
    username: decoded(username),
    password: decoded(password),
    database,
  };
}

function parseHost(text: string, defaultPort: number): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (!host || Number(port ?? defaultPort) > 65_535) throw invalidUrl();
  return { host, port: port ? Number(port) : defaultPort };
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text ? decodeURIComponent(text) : undefined;
  } catch {
    throw invalidUrl();
  }
}

/** The URL itself stays out of the message: it may hold a password. */
function invalidUrl(): OptionsError {
  return new OptionsError(
    'The Redis URL cannot be understood. Use redis://host:6379, rediss://host:6379 for TLS, or ' +
      'redis+sentinel://host:26379,host:26379/master-name; REDIS_URL sets it. ' +
      'In user names and passwords write @ as %40, / as %2F, : as %3A and % as %25, or use REDIS_PASSWORD.',
  );
}
