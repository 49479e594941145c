import { Ajv, type ErrorObject, type JSONSchemaType } from 'ajv';
import { OptionsError } from './errors.ts';

const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: true, verbose: true });

/**
 * Checks plain options against their schema and fills in its defaults.
 * @param subject what the options belong to, for the message: `the consumer of noc_team`
 * @throws OptionsError naming every option that is wrong
 */
export function parseOptions<Options>(schema: JSONSchemaType<Options>, given: unknown, subject: string): Options {
  const options = copied(given ?? {});
  const validate = ajv.compile(schema);
  if (validate(options)) return options;
  throw new OptionsError(`Options of ${subject}: ${(validate.errors ?? []).map(describeFault).join('; ')}.`);
}

/** Defaults are filled into a copy; what is no plain object or list is for the schema to refuse. */
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copied(member)]));
}

/** One violation of a schema, in words that name what is wrong. Of an `Ajv` that is verbose. */
export function describeFault(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const params = error.params as { additionalProperty?: string; allowedValues?: unknown[] };
  if (params.additionalProperty !== undefined) {
    const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
    const name = [path, params.additionalProperty].filter(Boolean).join('.');
    return `there is no option "${name}" (there are ${known.join(', ')})`;
  }
  const allowed = params.allowedValues ? ` (${params.allowedValues.join(', ')})` : '';
  const given = JSON.stringify(error.data);
  return `${path || 'they'} ${error.message ?? 'are wrong'}${allowed}, not ${given ?? typeof error.data}`;
}
