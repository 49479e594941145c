import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@distributary/testing';
import { beforeAll, describe, expect, it } from 'vitest';

interface JsonReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { ancestorTitles: string[]; title: string; status: string }[];
  }[];
}

const VITEST = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs');
const FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** Each sink, and a test that exists to catch it. */
const CAUGHT_BY = [
  ['calls everything delivered', 'rejects an entry that the destination refuses, and delivers its neighbours'],
  ['calls everything delivered', 'throws while the destination is down, and delivers once it is back'],
  ['calls everything delivered', 'loses nothing when the answer is lost after the destination stored the batch'],
  ['calls everything delivered', 'confirms nothing on an answer that is cut short'],
  ['calls everything delivered', 'confirms nothing on a page for people'],
  ['trims lines', 'stores the line unchanged: spaces around'],
  ['trims lines', 'stores the line unchanged: bytes that are not UTF-8'],
  ['asks for what was refused again', 'rejects an entry that the destination refuses, and delivers its neighbours'],
  ['is deaf to its signal', 'rejects soon when its signal aborts'],
  ['stores under another identity each time', 'answers for each entry once, and what it calls delivered is stored'],
  ['stores under another identity each time', 'stores an entry that is delivered twice under one identity'],
] as const;

describe('the contract suite', () => {
  let failed: string[];

  beforeAll(async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'report.json');
    const args = ['run', '--config', 'test/broken-sinks/vitest.config.ts', '--root', '.'];
    spawnSync(process.execPath, [VITEST, ...args, '--reporter', 'json', '--outputFile', file], { cwd: FOLDER });
    failed = (JSON.parse(await readFile(file, 'utf8')) as JsonReport).testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === 'failed')
      .map(({ ancestorTitles, title }) => `${ancestorTitles[0]}: ${title}`);
  });

  it.each(CAUGHT_BY)('fails for a sink that %s, in "%s"', (sink, test) => {
    expect(failed).toContain(`${sink} keeps the sink contract: ${test}`);
  });

  it('fails for nothing else that those sinks do', () => {
    expect(failed.filter((name) => name.startsWith('is deaf') || name.startsWith('asks for'))).toHaveLength(2);
  });
});
