import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A test that did not run. `need` is what it lacks and, behind a colon, what would enable it; undefined when the test
 * does not say.
 * @typedef {{ readonly workspace: string, readonly name: string, readonly need?: string | undefined }} SkippedTest
 */

/** The repository, in which workspaces are named by their path. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const FOLDER = join(ROOT, 'node_modules', '.cache', 'distributary', 'skipped');

/**
 * Keeps the skipped tests of a workspace's latest run, in place of those of the run before.
 * @param {string} workspace
 * @param {readonly SkippedTest[]} tests
 */
export function recordSkippedTests(workspace, tests) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${workspace.replaceAll(/[^\w.-]/g, '-')}.json`), JSON.stringify(tests));
}

/** Before a run of all workspaces: one that does not run this time has nothing to say. */
export function forgetSkippedTests() {
  rmSync(FOLDER, { recursive: true, force: true });
}

/**
 * Those of every workspace that has run since they were last forgotten.
 * @returns {SkippedTest[]}
 */
export function recordedSkippedTests() {
  mkdirSync(FOLDER, { recursive: true });
  const files = readdirSync(FOLDER).sort();
  return files.flatMap((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')));
}

/**
 * The report, for people: every test by name, under what it needs and what enables it.
 * @param {readonly SkippedTest[]} tests
 * @returns {string}
 */
export function describeSkippedTests(tests) {
  if (tests.length === 0) return 'No test was skipped.';
  const lines = [tests.length === 1 ? '1 test was skipped:' : `${tests.length} tests were skipped:`];
  for (const need of new Set(tests.map((test) => test.need))) {
    const group = tests.filter((test) => test.need === need);
    const [what, ...remedy] = (need ?? 'for a reason that the test does not say').split(': ');
    lines.push('', `  ${what} (${group.length})`);
    if (remedy.length > 0) lines.push(`  to run: ${remedy.join(': ')}`);
    lines.push(...group.map(({ workspace, name }) => `    ${workspace} > ${name}`));
  }
  return lines.join('\n');
}
