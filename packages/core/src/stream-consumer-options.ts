import type { JSONSchemaType } from 'ajv';
import type { Decode } from './entry.ts';
import { OptionsError } from './errors.ts';
import { checkName } from './keys.ts';
import { MASK_RULE_SCHEMA, type MaskRule } from './mask-rule.ts';
import { parseOptions } from './options.ts';
import type { RedisOptions } from './redis-options.ts';
import type { Secret } from './secret.ts';
import type { Sink } from './sink.ts';

/** What a consumer reads, where it writes, and the numbers in between; every number has a default. */
export interface StreamConsumerOptions<Payload> extends TuningOptions {
  readonly redis?: RedisOptions;
  readonly stream: string;
  /** The team's consumer group: 1 to 64 letters, digits, dots, underscores, colons and hyphens. */
  readonly group: string;
  /** This process within the group. Stable across restarts, so that it finds its own pending entries again. */
  readonly consumer: string;
  readonly sink: Sink<Payload>;
  /** Default: the entry itself is the payload. */
  readonly decode?: Decode<Payload>;
  /** JSON Schema for the payload; an entry that violates it becomes a dead letter that names the failing path. */
  readonly payloadSchema?: object;
  /** What pseudonyms are made with, where a mask replaces by them. */
  readonly maskKey?: Secret;
}

/** Any of the plain options. */
export type TuningOptions = { readonly [Name in Exclude<keyof Tuning, 'mask'>]?: Partial<Tuning[Name]> } & {
  readonly mask?: readonly Partial<MaskRule>[];
};

/** The plain options, each with its default in the schema below. */
export interface Tuning {
  /** Where a group begins that does not exist yet. A group that vanished begins behind its checkpoint, or at the beginning. */
  readonly startFrom: 'beginning' | 'now';
  /** A batch closes on whichever comes first; bytes are of field names and values. */
  readonly batch: { readonly maxEntries: number; readonly maxBytes: number; readonly lingerMs: number };
  /** How much may be read and not yet acknowledged. */
  readonly readAhead: { readonly maxEntries: number; readonly maxBytes: number };
  /** Batches being delivered at once; 1 keeps the order of the stream. */
  readonly delivery: { readonly concurrency: number };
  /** Pending entries idle for `idleMs` are taken over from other consumers; what is in hand is renewed every `renewMs`. */
  readonly claim: { readonly idleMs: number; readonly renewMs: number };
  /** After `suspectAfter` hand-overs an entry is delivered alone; after `maxAlone` crashes alone it is a dead letter. */
  readonly crash: { readonly suspectAfter: number; readonly maxAlone: number };
  /** The group's checkpoint is written every `everyMs`, beside the stream and, where one is named, to a file in `folder`. */
  readonly checkpoint: { readonly everyMs: number; readonly folder?: string };
  /** Entries with more bytes become dead letters. */
  readonly entry: { readonly maxBytes: number };
  /** Applied in this order to every value of an entry but its `eid`, before anything else sees it. */
  readonly mask: readonly MaskRule[];
  /** As many dead letters the group may have; then those that are due wait. By default there is no end to them. */
  readonly deadLetterQuota?: number;
}

/** A group that is not given takes the default of each of its options. */
const FROM_PROPERTIES = {} as never;

/** A day: what a dead process held comes back within it, and a timer can hold it. */
export const MAX_IDLE_MS = 86_400_000;

const positive = { type: 'integer', minimum: 1 } as const;

const schema: JSONSchemaType<Tuning> = {
  type: 'object',
  additionalProperties: false,
  required: ['startFrom', 'batch', 'readAhead', 'delivery', 'claim', 'crash', 'checkpoint', 'entry', 'mask'],
  properties: {
    startFrom: { type: 'string', enum: ['beginning', 'now'], default: 'beginning' },
    batch: {
      type: 'object',
      additionalProperties: false,
      default: FROM_PROPERTIES,
      required: ['maxEntries', 'maxBytes', 'lingerMs'],
      properties: {
        maxEntries: { ...positive, maximum: 10_000, default: 500 },
        maxBytes: { ...positive, default: 5 * 1024 * 1024 },
        lingerMs: { type: 'integer', minimum: 0, maximum: 10_000, default: 50 },
      },
    },
    readAhead: {
      type: 'object',
      additionalProperties: false,
      default: FROM_PROPERTIES,
      required: ['maxEntries', 'maxBytes'],
      properties: { maxEntries: { ...positive, default: 2_500 }, maxBytes: { ...positive, default: 16 * 1024 * 1024 } },
    },
    delivery: {
      type: 'object',
      additionalProperties: false,
      default: FROM_PROPERTIES,
      required: ['concurrency'],
      properties: { concurrency: { ...positive, maximum: 64, default: 1 } },
    },
    claim: {
      type: 'object',
      additionalProperties: false,
      default: FROM_PROPERTIES,
      required: ['idleMs', 'renewMs'],
      properties: {
        idleMs: { ...positive, maximum: MAX_IDLE_MS, default: 30_000 },
        renewMs: { ...positive, default: 10_000 },
      },
    },
    crash: {
      type: 'object',
      additionalProperties: false,
      default: FROM_PROPERTIES,
      required: ['suspectAfter', 'maxAlone'],
      properties: { suspectAfter: { ...positive, default: 3 }, maxAlone: { ...positive, default: 2 } },
    },
    checkpoint: {
      type: 'object',
      additionalProperties: false,
      default: FROM_PROPERTIES,
      required: ['everyMs'],
      properties: {
        everyMs: { ...positive, minimum: 100, maximum: MAX_IDLE_MS, default: 5_000 },
        folder: { type: 'string', minLength: 1, nullable: true },
      },
    },
    entry: {
      type: 'object',
      additionalProperties: false,
      default: FROM_PROPERTIES,
      required: ['maxBytes'],
      properties: { maxBytes: { ...positive, default: 64 * 1024 * 1024 } },
    },
    mask: { type: 'array', items: MASK_RULE_SCHEMA, default: [] },
    deadLetterQuota: { ...positive, nullable: true },
  },
};

/** @throws OptionsError naming every option that is wrong, and advising where two do not fit each other */
export function parseTuning(options: StreamConsumerOptions<never>): Tuning {
  const { redis, stream, group, consumer, sink, decode, payloadSchema, maskKey, ...plain } = options;
  const subject = `the consumer of group ${JSON.stringify(group)}`;
  if (typeof stream !== 'string' || stream === '') throw new OptionsError(`Options of ${subject}: stream is empty.`);
  checkName('group', group);
  checkName('consumer', consumer);
  if (typeof sink?.deliver !== 'function') throw new OptionsError(`Options of ${subject}: sink has no deliver method.`);
  const tuning = parseOptions(schema, plain, subject);
  const { idleMs, renewMs } = tuning.claim;
  if (idleMs < 2 * renewMs) {
    throw new OptionsError(
      `Options of ${subject}: claim.idleMs (${idleMs}) must be at least twice claim.renewMs (${renewMs}), ` +
        'or others take over what is still being delivered. Raise idleMs or lower renewMs.',
    );
  }
  if (tuning.batch.lingerMs > renewMs) {
    throw new OptionsError(
      `Options of ${subject}: batch.lingerMs (${tuning.batch.lingerMs}) must not exceed claim.renewMs (${renewMs}), ` +
        'or others take over what is still being gathered. Lower lingerMs or raise both numbers of claim.',
    );
  }
  if (tuning.readAhead.maxEntries < tuning.batch.maxEntries) {
    throw new OptionsError(
      `Options of ${subject}: readAhead.maxEntries (${tuning.readAhead.maxEntries}) must hold at least one batch ` +
        `(batch.maxEntries is ${tuning.batch.maxEntries}).`,
    );
  }
  return tuning;
}
