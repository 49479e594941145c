import type { JSONSchemaType } from 'ajv';
import { OptionsError } from './errors.ts';
import { checkName } from './keys.ts';
import { MASK_RULE_SCHEMA, type MaskRule } from './mask-rule.ts';
import { parseOptions } from './options.ts';
import { parseRetention, RETENTION_SCHEMA, type RetentionPolicy } from './retention-policy.ts';

/** The kinds of sink that are known here; `custom` is any other. */
export type SinkKind = 'elasticsearch' | 'siem' | 'custom';

/** What a team declares in the key `distributary` of its package.json, and everything else follows from. */
export interface TeamContract {
  /** The stream's key. */
  readonly stream: string;
  readonly group: string;
  /** Whom to tell. */
  readonly owner?: string;
  /** Where the group begins when it is created. */
  readonly startFrom: 'beginning' | 'now';
  readonly retention: RetentionPolicy;
  /** How far the group may be behind, in seconds; without it, nobody is told. */
  readonly lagSlo?: number;
  readonly sink: SinkKind;
  /** Applied in this order to every value of an entry but its `eid`. */
  readonly mask: readonly MaskRule[];
  /** As many dead letters the group may have before its consumers hold. */
  readonly deadLetterQuota?: number;
}

/** The schema that `packages/core/schema/team-contract.schema.json` publishes. */
export const TEAM_CONTRACT_SCHEMA: JSONSchemaType<TeamContract> = {
  type: 'object',
  additionalProperties: false,
  required: ['stream', 'group', 'startFrom', 'retention', 'sink', 'mask'],
  properties: {
    stream: { type: 'string', minLength: 1, description: "The stream's key in Redis." },
    group: { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,64}$', description: "The team's consumer group." },
    owner: { type: 'string', nullable: true, description: 'Whom to tell, such as an address.' },
    startFrom: {
      type: 'string',
      enum: ['beginning', 'now'],
      default: 'beginning',
      description: 'Where the group begins when it is created.',
    },
    retention: RETENTION_SCHEMA,
    lagSlo: {
      type: 'number',
      nullable: true,
      exclusiveMinimum: 0,
      description: 'How far the group may be behind, in seconds.',
    },
    sink: { type: 'string', enum: ['elasticsearch', 'siem', 'custom'], default: 'custom' },
    mask: { type: 'array', items: MASK_RULE_SCHEMA, default: [], description: 'Applied in this order.' },
    deadLetterQuota: {
      type: 'integer',
      nullable: true,
      minimum: 1,
      description: 'As many dead letters the group may have before its consumers hold.',
    },
  },
};

const EXAMPLE = '{ "stream": "syslog_stream", "group": "noc_team", "owner": "noc@example.com", "lagSlo": 60 }';

/**
 * @param given the value of the key `distributary`
 * @throws OptionsError naming every key that is wrong, and what is allowed
 */
export function parseTeamContract(given: unknown): TeamContract {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OptionsError(`The key "distributary" is no object. Write it as ${EXAMPLE}.`);
  }
  const { group, retention } = given as Partial<Record<keyof TeamContract, unknown>>;
  if (typeof group === 'string') checkName('group', group);
  const parsed = { ...given, retention: parseRetention(retention) };
  const contract = parseOptions(TEAM_CONTRACT_SCHEMA, parsed, 'the key "distributary"');
  refuseNulls(contract, []);
  return contract;
}

/** `nullable` is what the schema's type asks of an optional key; JSON Schema knows no such word. */
function refuseNulls(value: unknown, path: readonly string[]): void {
  if (value === null) throw new OptionsError(`The key "distributary": ${path.join('.')} is null. Leave it out.`);
  if (typeof value !== 'object') return;
  for (const [name, member] of Object.entries(value)) refuseNulls(member, [...path, name]);
}
