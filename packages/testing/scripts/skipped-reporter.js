import { relative } from 'node:path';
import { describeSkippedTests, ROOT, recordSkippedTests } from './skipped-tests.js';

/** `(needs …)` at the end of the name of a suite that is skipped as a whole; a single test skips with it as its note. */
const NEED_IN_NAME = / \((needs [^()]+)\)/;

/**
 * Names the tests that a run skipped, with what they need, and keeps them for the report on all workspaces.
 * @implements {Pick<import('vitest/node').Reporter, 'onInit' | 'onTestRunEnd'>}
 */
export class SkippedReporter {
  /** @type {import('vitest/node').Vitest | undefined} */
  #vitest;

  /** @param {import('vitest/node').Vitest} vitest */
  onInit(vitest) {
    this.#vitest = vitest;
  }

  /** @param {readonly import('vitest/node').TestModule[]} modules */
  onTestRunEnd(modules) {
    const { root = ROOT, testNamePattern } = this.#vitest?.config ?? {};
    if (testNamePattern) return;
    const workspace = relative(ROOT, root);
    const cases = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    const tests = cases.filter(isSkippedOnPurpose).map((testCase) => ({
      workspace,
      name: testCase.fullName.replace(NEED_IN_NAME, ''),
      need: noteOf(testCase) ?? NEED_IN_NAME.exec(testCase.fullName)?.[1],
    }));
    recordSkippedTests(workspace, tests);
    if (tests.length > 0) console.log(describeSkippedTests(tests));
  }
}

/**
 * Not for the failure of a hook, which the run reports.
 * @param {import('vitest/node').TestCase} testCase
 */
function isSkippedOnPurpose(testCase) {
  return testCase.options.mode !== 'run' || noteOf(testCase) !== undefined;
}

/** @param {import('vitest/node').TestCase} testCase */
function noteOf(testCase) {
  const result = testCase.result();
  return result.state === 'skipped' ? result.note : undefined;
}
