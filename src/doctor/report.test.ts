import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { goodFacts } from '../testing/doctor-facts';
import { CHECKS } from './checks/all';
import { unseen } from './facts';
import { asJson, asPage, asTable, mustFailed } from './report';
import { runChecks } from './run-checks';

const good = runChecks(CHECKS, goodFacts());
const bad = runChecks(
  CHECKS,
  goodFacts({ LOG_LEVEL: 'error' }, { database: unseen('nothing listens there') }),
);

describe('the report', () => {
  it('is a table, aligned, with the counts in its last line', () => {
    const lines = asTable(bad).trimEnd().split('\n');
    const rows = lines.slice(0, CHECKS.length);
    const columns = ['fail', 'pass', 'warn', 'not checked'].map(
      (verdict) => rows.find((row) => row.includes(`  ${verdict}  `))?.indexOf(`  ${verdict}  `) ?? -1,
    );
    expect(new Set(columns).size).toBe(1);
    expect(rows.every((row) => /^(?:V[\d.]+|TG-\d+)(?: ●)? /.test(row))).toBe(true);
    expect(lines.at(-1)).toMatch(
      new RegExp(
        `^${CHECKS.length} checks: \\d+ pass, \\d+ warn, 2 fail, 0 not applicable, \\d+ not checked. Of the musts \\(●\\) 2 failed\\.$`,
      ),
    );
  });

  it('tells machines the same', () => {
    const report = JSON.parse(asJson(bad, true));
    expect(report).toMatchObject({ production: true, ok: false, counts: { fail: 2 } });
    expect(report.results).toHaveLength(CHECKS.length);
    expect(Object.keys(report.results[0]).sort()).toEqual([
      'evidence',
      'id',
      'level',
      'must',
      'title',
      'verdict',
    ]);
    expect(JSON.parse(asJson(good, true)).ok).toBe(true);
  });

  it('fails by a must alone', () => {
    expect(mustFailed(good)).toBe(false);
    expect(mustFailed(bad)).toBe(true);
    expect(mustFailed(bad.filter(({ must }) => !must))).toBe(false);
  });
});

it('has docs/asvs.md as its list (npm run -s doctor -- --list > docs/asvs.md)', () => {
  expect(readFileSync(join(__dirname, '..', '..', 'docs', 'asvs.md'), 'utf8')).toBe(asPage());
});
