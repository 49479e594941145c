import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

it('shows in the README the test that runs beside this one', async () => {
  expect(await read('../README.md')).toContain(`\`\`\`ts\n${await read('./readme-example.test.ts')}\`\`\``);
});

it('names in the README every fault and every environment variable', async () => {
  const readme = await read('../README.md');
  const kinds = (await read('../src/faults.ts')).matchAll(/readonly kind: '(\w+)'/g);
  for (const [, kind] of kinds) expect(readme).toContain(`'${kind}'`);
  for (const source of ['redis-capability', 'start-elasticsearch', 'start-collector', '../scripts/prepare.js']) {
    const file = source.endsWith('.js') ? `../scripts/prepare.js` : `../src/${source}.ts`;
    const names = (await read(file)).matchAll(/\b(?:DISTRIBUTARY|REDIS|ELASTICSEARCH|SIEM)_[A-Z_]+\b/g);
    for (const [name] of names) expect(readme).toContain(`\`${name}`);
  }
});
