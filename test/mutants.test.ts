import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './documents.ts';
import { MUTANTS } from './mutants/mutants.ts';

it.each(MUTANTS)('the mutant fits the code: $name', ({ file, from, to }) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  expect(text.split(from)).toHaveLength(2);
  expect(text.replace(from, () => to)).not.toBe(text);
});

it('there are mutants enough', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(12);
});
