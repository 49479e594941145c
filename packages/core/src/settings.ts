import { Ajv, type ErrorObject, type JSONSchemaType } from 'ajv';
import { OptionsError } from './errors.ts';
import { describeFault } from './options.ts';

/** Variables are text: a number or a truth value is read from it. */
const ajv = new Ajv({ allErrors: true, useDefaults: true, coerceTypes: true, strict: true, verbose: true });

/**
 * Reads a team's own settings, each property of the schema from the variable of its name, and fills in the schema's
 * defaults. A variable that is set to nothing is not set.
 * @throws OptionsError naming every variable that is missing or wrong
 */
export function settingsFromEnvironment<Settings>(
  schema: JSONSchemaType<Settings>,
  environment: NodeJS.ProcessEnv,
): Settings {
  const names = Object.keys(schema['properties'] ?? {});
  const settings: unknown = Object.fromEntries(
    names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const validate = ajv.compile(schema);
  if (validate(settings)) return settings;
  throw new OptionsError(`The environment is wrong: ${(validate.errors ?? []).map(describeVariable).join('; ')}.`);
}

function describeVariable(error: ErrorObject): string {
  const { missingProperty } = error.params as { missingProperty?: string };
  return missingProperty === undefined ? describeFault(error) : `${missingProperty} is not set`;
}
