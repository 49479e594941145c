import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { PLANS } from './chaos/schedule.ts';
import { ROOT } from './documents.ts';

const FILE = 'packages/core/docs/guarantees.md';
const page = readFileSync(join(ROOT, FILE), 'utf8');

/** A test file that the page links, with the names of tests behind it: `[file](path) “name”, “name”`. */
const TESTS = /\]\((?<path>[^)]+\.ts)\)(?<names>(?:,? “[^”]+”)*)/g;

const named = [...page.matchAll(TESTS)].flatMap(({ groups: { path = '', names = '' } = {} }) =>
  [...names.matchAll(/“([^”]+)”/g)].map(([, name = '']) => ({ path: join(dirname(FILE), path), name })),
);

it('the page names tests', () => {
  expect(named.length).toBeGreaterThan(100);
});

it.each(named)('the page on guarantees names a test that exists: $name', ({ path, name }) => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  expect(unquoted(text)).toContain(unquoted(name));
});

it('the page on guarantees names scenarios of the chaos that exist', () => {
  const scenarios = new Set(Object.values(PLANS).flatMap((plan) => plan.scenarios.map(({ name }) => name)));
  const lists = [...page.matchAll(/chaos:((?:,? `[a-z-]+`)+)/g)].map(([, list = '']) => list);
  const names = lists.flatMap((list) => [...list.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !scenarios.has(name))).toEqual([]);
});

it('the page on guarantees has each fault once, in order', () => {
  const numbers = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(numbers.length).toBeGreaterThan(40);
});

/** Without the signs that a name has in a string of a program and not on a page. */
function unquoted(text: string): string {
  return text.replaceAll(/[\\'"`’]/g, '');
}
