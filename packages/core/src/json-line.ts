import { PayloadError } from './errors.ts';

/** One JSON object as one line of text, for a sink to copy into its request as it is. Made by {@link jsonLine} alone. */
export type JsonLine = string & { readonly [brand]: true };

declare const brand: unique symbol;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * Checks that the text is one object on one line, so that no payload can smuggle a line, or a second object, into a
 * request. Braces and strings are matched, which takes a third of the time of parsing; that it is JSON inside is the
 * caller's to ensure, by `JSON.stringify` of every value that it does not own.
 * @throws PayloadError when it is not
 */
export function jsonLine(text: string): JsonLine {
  checkOutside(text);
  if (endOfObject(text) === text.length - 1) return text as JsonLine;
  throw new PayloadError(
    'The mapping returned text whose first { is not closed by its last }. Quote every value by JSON.stringify.',
  );
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

/** Where the first brace is closed, or -1. */
function endOfObject(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character === OPEN) depth++;
    else if (character === CLOSE && --depth === 0) return i;
    else if (character === QUOTE) {
      i = endOfString(text, i);
      if (i < 0) return -1;
    }
  }
  return -1;
}

/** The quote that closes the string which begins there, or -1. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end;
  }
  return -1;
}
