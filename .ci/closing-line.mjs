// The closing line of the check, alone on its line, with the counts that Jest and the runs beside it themselves told.
//
//   node .ci/closing-line.mjs <Jest's JSON> [<what a run printed> <its exit code>]…
//
// Ends with 1 if anything failed or nothing passed.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const [summary, ...runs] = process.argv.slice(2);

const tests = readTests();
let failed = tests.failed;
for (let run = 0; run < runs.length; run += 2) failed += failedChecks(runs[run], runs[run + 1]);
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

/** As the run counted them itself, or as many as it printed; one where it ended before it could tell. */
function failedChecks(printed, code) {
  if (code === '0') return 0;
  const text = readFileSync(printed, 'utf8');
  const counted = Number(/^FAILED (\d+) checks$/m.exec(text)?.[1] ?? 0);
  return counted || text.match(/^FAILED /gm)?.length || 1;
}
