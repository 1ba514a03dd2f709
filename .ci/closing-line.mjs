// The closing line of the check, alone on its line, with the counts that Jest and Newman themselves told.
//
//   node .ci/closing-line.mjs <Jest's JSON> <what `npm run newman` printed> <its exit code>
//
// Ends with 1 if anything failed or nothing passed.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const [summary, printed, code] = process.argv.slice(2);

const tests = readTests();
const failed = tests.failed + failedRequests();
const skipped = tests.skipped > 0 ? `, ${tests.skipped} skipped` : '';
process.stdout.write(`\n${tests.passed} passed, ${failed} failed${skipped}\n`);
process.exitCode = failed === 0 && tests.passed > 0 ? 0 : 1;

function readTests() {
  try {
    const result = JSON.parse(readFileSync(summary, 'utf8'));
    return {
      passed: result.numPassedTests,
      // A suite that did not even load has no failed test in it.
      failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
      skipped: result.numPendingTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** Where it ended before it could count, one. */
function failedRequests() {
  if (code === '0') return 0;
  return Number(/^FAILED (\d+) checks$/m.exec(readFileSync(printed, 'utf8'))?.[1] ?? 1);
}
