/** The texts of top-level JSON objects that stand one behind the other, with or without whitespace between them. */
export function* concatenatedJson(text: string): Generator<string> {
  let position = 0;
  while (position < text.length) {
    const rest = /\S/.exec(text.slice(position, position + 1)) ? position : nextInk(text, position);
    if (rest === undefined) return;
    const end = endOfObject(text, rest);
    yield text.slice(rest, end);
    position = end;
  }
}

function nextInk(text: string, from: number): number | undefined {
  const ink = /\S/g;
  ink.lastIndex = from;
  return ink.exec(text)?.index;
}

/** Behind the brace that closes the object; the end of the text when it is not closed or no object. */
function endOfObject(text: string, start: number): number {
  if (text[start] !== '{') return text.length;
  let depth = 0;
  const marks = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}]/gs;
  marks.lastIndex = start;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    if (mark[0] === '{') depth++;
    else if (mark[0] === '}' && --depth === 0) return marks.lastIndex;
  }
  return text.length;
}
