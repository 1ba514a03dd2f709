import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const MODULE = pathToFileURL(join(__dirname, '..', '..', 'bench', 'tracing-verdict.mjs')).href;

interface Verdict {
  readonly passed: boolean;
  readonly text: string;
}

/** What bench:tracing makes of these intervals. */
function verdicts(intervals: readonly (readonly [number, number])[]): Verdict[] {
  const program = `
    import { verdictOf } from ${JSON.stringify(MODULE)};
    const intervals = ${JSON.stringify(intervals)};
    process.stdout.write(JSON.stringify(intervals.map(([low, high]) => verdictOf({ low: low ?? NaN, high: high ?? NaN }))));`;
  const args = ['--input-type=module', '--eval', program];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 }));
}

it('passes what is shown to cost little, and nothing else', () => {
  const passed = (intervals: [number, number][]) => verdicts(intervals).map((verdict) => verdict.passed);
  expect(
    passed([
      [0.99, 1.01],
      [0.99, 1.03],
      [0.9, 0.94],
    ]),
  ).toEqual([true, true, true]);
  expect(
    passed([
      [1.0, 1.031],
      [1.04, 1.05],
      [1.05, 1.3],
    ]),
  ).toEqual([false, false, false]);
});

it('says where a measurement is too coarse to say anything', () => {
  const coarse = verdicts([
    [0.9, 1.02],
    [0.8, 1.2],
    [Number.NaN, Number.NaN],
  ]);
  for (const { passed, text } of coarse) {
    expect(passed).toBe(false);
    expect(text).toContain('cannot be told');
  }
});
