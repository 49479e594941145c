import { OptionsError } from './errors.ts';

/** How to speak of a destination's address. */
export interface BaseUrlSubject {
  /** Such as `Elasticsearch`. */
  readonly destination: string;
  /** The variable that names it, such as `ELASTICSEARCH_URL`. */
  readonly variable: string;
  /** Where its credentials belong, such as `SIEM_TOKEN`. */
  readonly credentials: string;
}

/**
 * Reads the base address of a destination that speaks HTTP. What is wrong with it may be a password, so no message
 * quotes it.
 * @throws OptionsError
 */
export function parseBaseUrl(url: string, { destination, variable, credentials }: BaseUrlSubject): URL {
  const parsed = URL.parse(url);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new OptionsError(
      `The URL of ${destination} is not an http: or https: address. Set ${variable} to its base address.`,
    );
  }
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '') {
    throw new OptionsError(
      `The URL of ${destination} holds credentials, a query or a fragment. Keep ${variable} to the base address, and put the credentials into ${credentials}.`,
    );
  }
  return parsed;
}
