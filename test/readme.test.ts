import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describeWithRedisProcess, until } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { documents, ROOT, relativeLinksOf, type Snippet, snippetsOf } from './documents.ts';
import { House, STREAM } from './house.ts';

const execute = promisify(execFile);
const all: Snippet[] = documents().flatMap(snippetsOf);

/** A folder below `test/`, so that packages are found from it; `git` ignores it. */
async function scratch(name: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(ROOT, 'test', '.scratch', `${name}-${process.pid}`);
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

describe('the documents', () => {
  it('have TypeScript that compiles', async () => {
    await using folder = await scratch('snippets');
    // One that imports a file of its own package runs as a test there.
    const typescript = all.filter(({ language, text }) => language === 'ts' && !text.includes("from './"));
    expect(typescript.length).toBeGreaterThan(4);
    for (const { file, line, text } of typescript) {
      await writeFile(join(folder.path, `${file.replaceAll(/\W/g, '-')}-${line}.ts`), `${text}\nexport {};\n`);
    }
    const configuration = {
      extends: '../../../tsconfig.json',
      compilerOptions: {
        composite: false,
        declaration: false,
        isolatedDeclarations: false,
        noEmit: true,
        noUnusedLocals: false,
        customConditions: ['@distributary/source'],
        rootDir: '../../..',
      },
      include: ['.'],
    };
    await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify(configuration));
    const { stdout } = await execute('tsc', ['-p', folder.path], { cwd: ROOT }).catch((failure) => failure);
    expect(stdout).toBe('');
  });

  it('have JSON that parses', () => {
    const json = all.filter(({ language }) => language === 'json');
    expect(json.length).toBeGreaterThan(0);
    for (const { file, line, text } of json) {
      expect(() => JSON.parse(text), `${file}:${line}`).not.toThrow();
    }
  });

  it('call commands and options that exist', async () => {
    const calls = all
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => [
        ...text.matchAll(/npx distributary ([\w-]+(?: (?:list|show|drop|cancel)\b)?)([^|<>\n#]*)/g),
      ]);
    expect(calls.length).toBeGreaterThan(5);
    const helps = new Map<string, string>();
    for (const [call, command = '', rest = ''] of calls) {
      if (!helps.has(command)) {
        const help = ['packages/cli/bin/distributary.js', ...command.split(' '), '--help'];
        const { stdout } = await execute(process.execPath, help, { cwd: ROOT });
        helps.set(command, stdout);
      }
      for (const [option] of rest.matchAll(/--[\w-]+/g)) expect(helps.get(command), call).toContain(option);
    }
  });

  it('name npm scripts that exist', async () => {
    const { scripts } = (await import('../package.json', { with: { type: 'json' } })).default;
    const named = all
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) =>
        [...text.matchAll(/npm (?:run (?:-s )?)?(start|test|bench|check|build|simulate|chaos|mutants|nightly)\b/g)].map(
          ([, name]) => name,
        ),
      );
    expect(named).toContain('start');
    for (const name of named) expect(scripts).toHaveProperty(String(name));
  });

  it.each(documents())('lead somewhere: %s', (file) => {
    for (const target of relativeLinksOf(file)) {
      expect(existsSync(join(ROOT, dirname(file), target)), `${target} in ${file}`).toBe(true);
    }
  });
});

describeWithRedisProcess("the README's consumer", () => {
  it('runs as it stands, and stores what is added', async () => {
    await using house = await House.open();
    await using folder = await scratch('fraud');
    const [consumer] = snippetsOf('README.md').filter(({ language }) => language === 'ts');
    const [manifest] = snippetsOf('README.md').filter(({ language }) => language === 'json');
    await writeFile(join(folder.path, 'index.ts'), consumer?.text ?? '');
    const declared = { name: 'fraud', type: 'module', exports: './index.ts', ...JSON.parse(manifest?.text ?? '') };
    await writeFile(join(folder.path, 'package.json'), JSON.stringify(declared));
    house.run(folder.path);
    await house.admin.xadd(STREAM, '*', 'line', 'a line for fraud');
    const [stored] = await until(async () => {
      const documentsOfFraud = await house.elasticsearch.stored('fraud-*');
      return documentsOfFraud.length > 0 && documentsOfFraud;
    });
    expect(stored?.document).toMatchObject({ event: { original: 'a line for fraud' } });
  });
});
