import { expect, it } from 'vitest';
import { printable, printableJson } from '../src/format.ts';

const EVIL = '\u001b]0;owned\u0007 \u009b31m \u202e \u2028 ä 🔥';

it('escapes what a terminal would take for something else, and nothing more', () => {
  expect(printable(EVIL)).toBe('\\x1b]0;owned\\x07 \\x9b31m \\u202e \\u2028 ä 🔥');
});

it('escapes it in JSON as JSON does, so that it reads back', () => {
  const text = printableJson({ evil: EVIL });
  expect(text).toContain('\\u001b]0;owned\\u0007 \\u009b31m \\u202e \\u2028 ä 🔥');
  expect(JSON.parse(text)).toEqual({ evil: EVIL });
});
