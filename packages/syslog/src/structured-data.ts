import type { StructuredDataElement } from './syslog-message.ts';

/** Structured data read from a line, and where it ends; `problem` when it ends earlier than it should. */
export interface StructuredData {
  readonly end: number;
  readonly elements: readonly StructuredDataElement[];
  readonly problem?: string;
}

const ELEMENT_START = /\[([^\s=\]"]{1,32})(?=[ \]])/y;
const PARAMETER_START = / {1,8}([^\s=\]"]{1,32})="/y;

/** Reads the structured data of RFC 5424 that starts at `at`: `-` or `[id name="value" …]…`. */
export function readStructuredData(line: string, at: number): StructuredData {
  const elements: StructuredDataElement[] = [];
  let end = at;
  if (line[at] === '-') return { end: at + 1, elements };
  while (line[end] === '[') {
    const element = readElement(line, end);
    if (element === undefined) break;
    elements.push(element.element);
    end = element.end;
  }
  if (end > at && (end === line.length || line[end] === ' ')) return { end, elements };
  return { end, elements, problem: `The structured data breaks off at character ${end + 1} of the line.` };
}

function readElement(line: string, at: number): { element: StructuredDataElement; end: number } | undefined {
  ELEMENT_START.lastIndex = at;
  const id = ELEMENT_START.exec(line)?.[1];
  if (id === undefined) return undefined;
  const parameters: [string, string][] = [];
  let end = ELEMENT_START.lastIndex;
  while (line[end] === ' ') {
    PARAMETER_START.lastIndex = end;
    const name = PARAMETER_START.exec(line)?.[1];
    if (name === undefined) return undefined;
    const start = PARAMETER_START.lastIndex;
    const quote = closingQuote(line, start);
    if (quote < 0) return undefined;
    parameters.push([name, unescapeValue(line.slice(start, quote))]);
    end = quote + 1;
  }
  return line[end] === ']' ? { element: { id, parameters }, end: end + 1 } : undefined;
}

/** The quote that ends a value: the first one behind an even number of backslashes. */
function closingQuote(line: string, start: number): number {
  for (let at = start; at < line.length; at++) {
    const character = line[at];
    if (character === '"') return at;
    if (character === '\\') at++;
  }
  return -1;
}

/** RFC 5424 §6.3.3: a backslash before anything but `"`, `\` and `]` is an ordinary backslash. */
function unescapeValue(value: string): string {
  return value.includes('\\') ? value.replace(/\\(["\\\]])/g, '$1') : value;
}

/** The text form of structured data; `-` when there is none. */
export function formatStructuredData(elements: readonly StructuredDataElement[]): string {
  const texts = elements.map(({ id, parameters }) => {
    const pairs = parameters.map(([name, value]) => ` ${name}="${value.replace(/["\\\]]/g, '\\$&')}"`);
    return `[${id}${pairs.join('')}]`;
  });
  return texts.join('') || '-';
}
