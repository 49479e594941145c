/** One JSON object as one line of text, for a sink to copy into its request as it is. Made by {@link jsonLine} alone. */
export type JsonLine = string & { readonly [brand]: true };

declare const brand: unique symbol;

/**
 * Checks that the text is a single line in braces, so that no payload can smuggle a line of its own into a request of
 * lines. That it is JSON inside is the caller's to ensure, by `JSON.stringify` of every value that it does not own.
 * @throws TypeError when it is not
 */
export function jsonLine(text: string): JsonLine {
  if (text.charCodeAt(0) !== 0x7b || text.charCodeAt(text.length - 1) !== 0x7d) {
    throw new TypeError('A JSON line must begin with { and end with }.');
  }
  if (text.includes('\n') || text.includes('\r')) throw new TypeError('A JSON line must not hold a line break.');
  return text as JsonLine;
}
