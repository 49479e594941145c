import type { JSONSchemaType } from 'ajv';
import { OptionsError } from './errors.ts';
import { parseOptions } from './options.ts';

/**
 * What may become of entries that a team has not had yet: `protect` keeps them for as long as it takes; `shed` gives
 * them up once they are outside one of its bounds.
 */
export type RetentionPolicy = 'protect' | { readonly shed: ShedBounds };

/** At least one of the two. Entries that exceed either may go. */
export interface ShedBounds {
  /** The newest so many entries of the stream are kept for the team. */
  readonly maxEntries?: number;
  /** Entries added within so many milliseconds, by the clock of Redis, are kept for the team. */
  readonly maxAgeMs?: number;
}

/** A group that has to be there before anything is trimmed. */
export interface DeclaredGroup {
  readonly group: string;
  readonly retention: RetentionPolicy;
}

const bound = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, nullable: true } as const;

const schema: JSONSchemaType<{ shed: ShedBounds }> = {
  type: 'object',
  additionalProperties: false,
  required: ['shed'],
  properties: {
    shed: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      required: [],
      properties: { maxEntries: bound, maxAgeMs: bound },
    },
  },
};

/** A policy as a property of another schema. */
export const RETENTION_SCHEMA: JSONSchemaType<RetentionPolicy> = {
  description: 'What may become of entries that the team has not had yet.',
  anyOf: [{ type: 'string', const: 'protect' }, schema],
  default: 'protect',
} as unknown as JSONSchemaType<RetentionPolicy>;

/**
 * @param given nothing stands for `protect`
 * @throws OptionsError saying what a policy looks like
 */
export function parseRetention(given: unknown): RetentionPolicy {
  if (given === undefined || given === 'protect') return 'protect';
  const subject = 'retention, which is "protect" or { "shed": { "maxEntries": 1000000, "maxAgeMs": 86400000 } }';
  const { shed } = parseOptions(schema, given, subject);
  if (Object.values(shed).includes(null as never)) throw new OptionsError(`Options of ${subject}: a bound is null.`);
  return { shed };
}
