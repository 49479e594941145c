import { PayloadError } from './errors.ts';

/** One JSON object as one line of text, for a sink to copy into its request as it is. Made by {@link jsonLine} alone. */
export type JsonLine = string & { readonly [brand]: true };

declare const brand: unique symbol;

const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * Checks the outside of the text: one line, in braces, so that no payload can smuggle a line of its own into a request
 * of lines. That it is one JSON object inside is the caller's to ensure, by `JSON.stringify` of every value that it does
 * not own; looking there would cost a third of what writing text saves.
 * @throws PayloadError when it is not
 */
export function jsonLine(text: string): JsonLine {
  return checkOutside(text) as JsonLine;
}

/**
 * What a mapping returned, an object or a {@link JsonLine}, as one line of JSON text.
 * @throws PayloadError when it is neither
 */
export function jsonText(mapped: object | JsonLine): string {
  if (typeof mapped === 'string') return checkOutside(mapped);
  if (typeof mapped !== 'object' || mapped === null || Array.isArray(mapped)) {
    throw new PayloadError('The mapping returned neither an object nor one line of JSON text. Mend the mapping.');
  }
  const text: string | undefined = JSON.stringify(mapped);
  if (text?.startsWith('{')) return text;
  throw new PayloadError('The mapping returned an object whose JSON is not an object. Mend its toJSON.');
}

function checkOutside(text: string): string {
  if (text.charCodeAt(0) !== OPEN || text.charCodeAt(text.length - 1) !== CLOSE) {
    throw new PayloadError('The mapping returned text that does not begin with { and end with }. Mend the mapping.');
  }
  if (text.includes('\n') || text.includes('\r')) {
    throw new PayloadError('The mapping returned text with a line break. Quote every value by JSON.stringify.');
  }
  return text;
}
