/** The texts of top-level JSON objects that stand one behind the other, with or without whitespace between them. */
export function* concatenatedJson(text: string): Generator<string> {
  const ink = /\S/g;
  for (let start = ink.exec(text)?.index; start !== undefined; start = ink.exec(text)?.index) {
    const end = endOfObject(text, start);
    yield text.slice(start, end);
    ink.lastIndex = end;
  }
}

/** Behind the brace that closes the object; the end of the text when it is not closed or no object. */
function endOfObject(text: string, start: number): number {
  if (text[start] !== '{') return text.length;
  let depth = 0;
  let inString = false;
  for (let position = start; position < text.length; position++) {
    const character = text[position];
    if (character === '"') inString = !inString;
    else if (inString && character === '\\') position++;
    else if (!inString && character === '{') depth++;
    else if (!inString && character === '}' && --depth === 0) return position + 1;
  }
  return text.length;
}
