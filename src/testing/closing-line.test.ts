import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  return lineOf(args);
}

function lineOf(args: string[]): [string, number | null] {
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
  ['a drill fails', WELL, 'ok     one\nFAILED two\nFAILED three\n', 1, '5 passed, 2 failed', 1],
  ['nothing passes', { ...WELL, numPassedTests: 0 }, '', 0, '0 passed, 0 failed', 1],
])('is true where %s', (_, jest, printed, code, line, status) => {
  expect(closing(JSON.stringify(jest), printed, code)).toEqual([line, status]);
});

it('is no success where Jest wrote nothing', () => {
  expect(closing('', '', 0)).toEqual(['0 passed, 1 failed', 1]);
});

it('adds up what each of the runs beside Jest found wrong', () => {
  const path = (name: string) => join(folder, name);
  writeFileSync(path('tests.json'), JSON.stringify({ ...WELL, numFailedTests: 1 }));
  writeFileSync(path('drill.txt'), 'ok     scrapes\nFAILED rules\n       what was found\n');
  writeFileSync(path('newman.txt'), 'FAILED login: status\nFAILED 3 checks\n');
  const runs = [path('drill.txt'), '1', path('newman.txt'), '1'];
  expect(lineOf([SCRIPT, path('tests.json'), ...runs])).toEqual(['5 passed, 5 failed', 1]);
});

it('counts every run of the check that tells of itself', () => {
  const check = readFileSync(join(__dirname, '..', '..', '.ci', 'run'), 'utf8');
  const told = [...check.matchAll(/\| tee "\$told\/(\w+)\.txt" \|\| \1=\$\?/g)].map(([, name]) => name);
  expect(told).toEqual(['prometheus', 'newman']);
  for (const name of told)
    expect(check).toMatch(new RegExp(`closing-line\\.mjs .*"\\$told/${name}\\.txt" "\\$${name}"`));
});
