import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '..', '..', '.ci', 'closing-line.mjs');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-closing-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const WELL = { numPassedTests: 5, numFailedTests: 0, numRuntimeErrorTestSuites: 0, numPendingTests: 0 };

/** The line, and the exit code, where Jest wrote this and Newman printed that and ended with this code. */
function closing(jest: string, printed: string, code: number): [string, number | null] {
  writeFileSync(join(folder, 'tests.json'), jest);
  writeFileSync(join(folder, 'newman.txt'), printed);
  const args = [SCRIPT, join(folder, 'tests.json'), join(folder, 'newman.txt'), String(code)];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 10_000 });
  return [stdout.trim(), status];
}

it.each([
  ['all is well', WELL, '       all as it should be\n', 0, '5 passed, 0 failed', 0],
  ['some are skipped', { ...WELL, numPendingTests: 2 }, '', 0, '5 passed, 0 failed, 2 skipped', 0],
  ['a test fails', { ...WELL, numFailedTests: 2 }, '', 0, '5 passed, 2 failed', 1],
  ['a suite does not load', { ...WELL, numRuntimeErrorTestSuites: 1 }, '', 0, '5 passed, 1 failed', 1],
  ['Newman finds faults', WELL, 'FAILED login: status\nFAILED 3 checks\n', 1, '5 passed, 3 failed', 1],
  ['Newman breaks down', WELL, 'Error: no service\n', 1, '5 passed, 1 failed', 1],
  ['nothing passes', { ...WELL, numPassedTests: 0 }, '', 0, '0 passed, 0 failed', 1],
])('is true where %s', (_, jest, printed, code, line, status) => {
  expect(closing(JSON.stringify(jest), printed, code)).toEqual([line, status]);
});

it('is no success where Jest wrote nothing', () => {
  expect(closing('', '', 0)).toEqual(['0 passed, 1 failed', 1]);
});
