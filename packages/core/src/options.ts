import { Ajv, type ErrorObject, type JSONSchemaType } from 'ajv';
import { OptionsError } from './errors.ts';

const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: true, verbose: true });

/**
 * Checks plain options against their schema and fills in its defaults.
 * @param subject what the options belong to, for the message: `the consumer of noc_team`
 * @throws OptionsError naming every option that is wrong
 */
export function parseOptions<Options>(schema: JSONSchemaType<Options>, given: unknown, subject: string): Options {
  const options: unknown = structuredClone(given ?? {});
  const validate = ajv.compile(schema);
  if (validate(options)) return options;
  throw new OptionsError(`Options of ${subject}: ${(validate.errors ?? []).map(describe).join('; ')}.`);
}

function describe(error: ErrorObject): string {
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
