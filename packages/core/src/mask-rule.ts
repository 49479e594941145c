import type { JSONSchemaType } from 'ajv';

/** What can be found in a line without writing a pattern for it. */
export type MaskedKind = 'ipv4' | 'ipv6' | 'mac' | 'email' | 'username';

/** One kind of personal data that a team does not get to see. Exactly one of `find` and `pattern` says what it is. */
export interface MaskRule {
  readonly find?: MaskedKind;
  /** A regular expression; its first group, where it has one, is what is masked. */
  readonly pattern?: string;
  /** A pseudonym is the same for the same value, under one key, so that entries can still be joined by it. */
  readonly replaceBy: 'text' | 'pseudonym';
  readonly text: string;
}

export const MASK_RULE_SCHEMA: JSONSchemaType<MaskRule> = {
  type: 'object',
  description: 'Personal data that the team does not get: either "find" or "pattern" says what.',
  additionalProperties: false,
  required: ['replaceBy', 'text'],
  properties: {
    find: { type: 'string', nullable: true, enum: ['ipv4', 'ipv6', 'mac', 'email', 'username'] },
    pattern: {
      type: 'string',
      nullable: true,
      minLength: 1,
      maxLength: 500,
      description:
        'A regular expression (flag u). Its first group, where it has one, is masked. Repetitions are bounded, as in \\S{1,64}, but for one at the very end.',
    },
    replaceBy: {
      type: 'string',
      enum: ['text', 'pseudonym'],
      default: 'text',
      description: 'A pseudonym is made with the key in DISTRIBUTARY_MASK_KEY[_FILE].',
    },
    text: { type: 'string', maxLength: 64, default: '***', description: 'What stands there instead.' },
  },
};
