/** A destination's answer short enough for a message: quoted, on one line, without control characters. */
export function excerpt(text: string): string {
  const line = text
    .slice(0, 200)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return line === '' ? 'an empty body' : JSON.stringify(line.toWellFormed());
}
