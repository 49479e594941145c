import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('prints what the README says its example prints', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const output = /```text\n([\s\S]*?)```/.exec(readme)?.[1];
  const given = ['--conditions=@distributary/source', '--input-type=module-typescript', '--eval', example];
  const printed = execFileSync(process.execPath, given, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  });
  expect(printed).toBe(output);
});
