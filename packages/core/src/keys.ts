import { OptionsError } from './errors.ts';

/**
 * Group and consumer names that are safe in keys and commands. A consumer named `STREAMS` once confused Redis's own
 * ACL check (redis/redis#15478), so the options' words are refused too.
 */
const NAME = /^[A-Za-z0-9._:-]{1,64}$/;
const RESERVED = new Set([
  'GROUP',
  'COUNT',
  'BLOCK',
  'NOACK',
  'CLAIM',
  'STREAMS',
  'IDLE',
  'FORCE',
  'JUSTID',
  'MKSTREAM',
]);

/** Whose entries are that a consumer handed back, on a server that cannot leave them without one: nobody reads as this. */
export const HANDED_BACK = 'handed-back';

/** @throws OptionsError */
export function checkName(kind: 'group' | 'consumer', name: string): string {
  if (typeof name === 'string' && NAME.test(name) && !RESERVED.has(name.toUpperCase())) return name;
  const rule =
    'Use 1 to 64 letters, digits, dots, underscores, colons and hyphens, and no word of the XREADGROUP command.';
  throw new OptionsError(`${JSON.stringify(name) ?? 'undefined'} cannot be the name of a ${kind}. ${rule}`);
}

/** A key of one group's own on one stream. It shares the stream's hash slot, so that both fit in one transaction. */
export function groupKey(
  stream: string,
  group: string,
  purpose: 'dead-letters' | 'alone' | 'shed' | 'troubles' | 'checkpoint' | 'audit' | 'jobs',
): string {
  return `distributary:${tagged(stream)}:${group}:${purpose}`;
}

/** A key that belongs to the stream and to no group, in the same hash slot. */
export function streamKey(stream: string, purpose: 'janitor' | 'history' | 'maintenance'): string {
  return `distributary:${tagged(stream)}:${purpose}`;
}

function tagged(stream: string): string {
  return /\{[^}]+\}/.test(stream) ? stream : `{${stream}}`;
}
