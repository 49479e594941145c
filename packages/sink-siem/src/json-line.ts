import { PayloadError } from '@distributary/core';

declare const brand: unique symbol;

/** One JSON object as one line of text: what a mapping returns instead of an object where speed matters. */
export type JsonLine = string & { readonly [brand]: 'JsonLine' };

/**
 * Marks text as one line of JSON. The check is of the outside only (it begins with `{`, ends with `}` and holds no line
 * break): whoever builds the text answers for what is between, and quotes every value with `JSON.stringify`.
 * @throws PayloadError
 */
export function jsonLine(text: string): JsonLine {
  const looksWhole = text.charCodeAt(0) === OPEN && text.charCodeAt(text.length - 1) === CLOSE;
  if (looksWhole && !text.includes('\n') && !text.includes('\r')) return text as JsonLine;
  throw new PayloadError('The mapping returned text that is not one JSON object on one line. Mend the mapping.');
}

/**
 * What a mapping returned, as text.
 * @throws PayloadError when it is neither an object nor one line of JSON
 */
export function eventText(event: object | JsonLine): string {
  if (typeof event === 'string') return jsonLine(event);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw new PayloadError('The mapping returned neither an object nor one line of JSON text. Mend the mapping.');
  }
  const text: string | undefined = JSON.stringify(event);
  if (text?.startsWith('{')) return text;
  throw new PayloadError('The mapping returned an object whose JSON is not an object. Mend its toJSON.');
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
