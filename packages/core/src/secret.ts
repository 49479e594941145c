import { readFileSync } from 'node:fs';
import { DistributaryError } from './errors.ts';

/** A password, token or key whose text and JSON forms are `***`, and which an inspection shows empty. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that sends it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }
}

/**
 * Reads a secret by its environment name: the file that `<name>_FILE` names, else `<name>` itself. One trailing
 * line break is removed; an unset or empty variable is no secret.
 * @throws DistributaryError `SECRET` when the file cannot be read, is empty, or the value holds a control character.
 */
export function secretFrom(environment: NodeJS.ProcessEnv, name: string): Secret | undefined {
  const file = environment[`${name}_FILE`];
  const source = file ? `${name}_FILE (${file})` : name;
  const value = (file ? readSecretFile(name, file) : (environment[name] ?? '')).replace(/\r?\n$/, '');
  if (value === '') {
    if (!file) return undefined;
    throw new DistributaryError('SECRET', `The file of ${source} is empty. Write the secret into it as one line.`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be in a header
  if (/[\u0000-\u001f\u007f]/.test(value)) {
    throw new DistributaryError('SECRET', `${source} holds a control character. Write the secret as one line.`);
  }
  return new Secret(value);
}

function readSecretFile(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    const message = `${name}_FILE names ${file}, which cannot be read (${reason}). Mend the path or its permissions.`;
    throw new DistributaryError('SECRET', message, { cause });
  }
}
