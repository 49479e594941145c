/** Ends `npm test`: names every test of every workspace that was skipped, and what enables it. */
import { describeSkippedTests, recordedSkippedTests } from './skipped-tests.js';

console.log(describeSkippedTests(recordedSkippedTests()));
