import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  addedUpIn,
  dashboards,
  type KnownMetric,
  knownMetrics,
  panels,
  recordingRules,
  unknownIn,
} from '../testing/monitoring';
import { readPromql } from '../testing/promql';
import { createTestApp, type TestApp } from '../testing/test-app';

const ROOT = join(__dirname, '..', '..');

let test: TestApp;
let known: Map<string, KnownMetric>;
beforeAll(async () => {
  test = await createTestApp();
  known = knownMetrics(test);
});
afterAll(() => test.close());

/** Every query of every panel, with where it stands. */
const queries = panels.flatMap(({ dashboard, panel, targets }) =>
  targets.map((target) => ({ where: `${dashboard.uid} ${panel.id}`, ...target })),
);

it('are the four that are promised, as their source makes them', () => {
  expect(dashboards.map(({ uid }) => uid.replace('tollgate-', '')).toSorted()).toEqual([
    'abuse',
    'authentication',
    'dependencies',
    'overview',
  ]);
  const script = spawnSync(process.execPath, ['scripts/dashboards.mjs', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect([script.stderr, script.status]).toEqual(['', 0]);
});

it('say of each panel what it shows, in what unit, from the data source chosen', () => {
  for (const { dashboard, panel, targets } of panels) {
    const where = `${dashboard.uid} ${panel.id}`;
    expect([where, (panel.description ?? '').length > 30]).toEqual([where, true]);
    expect([where, panel.fieldConfig?.defaults.unit]).toEqual([where, expect.stringMatching(/^\w+$/)]);
    expect([where, targets.length > 0]).toEqual([where, true]);
    for (const { uid } of [panel.datasource, ...targets.map(({ datasource }) => datasource)].filter(
      (one) => one !== undefined,
    )) {
      expect([where, uid]).toEqual([where, '$datasource']);
    }
  }
  for (const { uid, panels: all } of dashboards) {
    expect([uid, new Set(all.map(({ id }) => id)).size]).toEqual([uid, all.length]);
  }
});

it('ask for metrics and labels that there are, and for no others', () => {
  expect(queries.length).toBeGreaterThan(60);
  const missing = queries.flatMap(({ where, expr }) =>
    unknownIn(expr, known).map((what) => `${where}: ${what}`),
  );
  expect(missing).toEqual([]);
});

it('name series by labels that the query leaves them', () => {
  const wrong = queries.flatMap(({ where, expr, legendFormat }) => {
    expect([where, legendFormat]).toEqual([where, expect.stringMatching(/\S/)]);
    const { selectors, groupedBy } = readPromql(expr);
    const aggregated = selectors.some(({ aggregations }) => aggregations.length > 0);
    const left = aggregated ? groupedBy : selectors.flatMap(({ metric }) => known.get(metric)?.labels ?? []);
    return [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]
      .filter(([, label = '']) => !left.includes(label))
      .map(([label]) => `${where}: ${label}`);
  });
  expect(wrong).toEqual([]);
});

it('take what every instance tells alike once, as the most or the least that one tells', () => {
  const wrong = queries.flatMap(({ where, expr }) =>
    addedUpIn(expr, known).map((metric) => `${where}: ${metric}`),
  );
  expect(wrong).toEqual([]);
});

it('show each metric where metrics/README.md says', () => {
  const page = readFileSync(join(ROOT, 'metrics', 'README.md'), 'utf8');
  const recorded = new Map(recordingRules.map(({ record = '', expr }) => [record, expr]));
  /** With what a recorded one is made of. */
  const metricsOf = (expr: string): string[] =>
    readPromql(expr).selectors.flatMap(({ metric }) => {
      const source = recorded.get(metric);
      return source === undefined ? [metric.replace(/_(?:bucket|count|sum)$/, '')] : metricsOf(source);
    });
  const shown = new Map<string, Set<string>>();
  for (const { dashboard, targets } of panels) {
    for (const metric of targets.flatMap(({ expr }) => metricsOf(expr))) {
      const title = dashboard.title.replace('Tollgate: ', '');
      shown.set(metric, (shown.get(metric) ?? new Set()).add(title));
    }
  }
  const rows = [...page.matchAll(/^\| `(?!process_|nodejs_)(\w+)` \|.*\| ([^|]+) \|$/gm)];
  expect(rows.length).toBeGreaterThanOrEqual(30);
  for (const [, name = '', told = ''] of rows) {
    expect([name, told.split(', ').toSorted()]).toEqual([name, [...(shown.get(name) ?? [])].toSorted()]);
  }
});
