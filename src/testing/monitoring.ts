import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readPromql } from './promql';
import type { TestApp } from './test-app';

const ROOT = join(__dirname, '..', '..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly datasource: { readonly uid: string };
  }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A test of promtool's, as far as it tells of alerts. */
export interface RuleTest {
  readonly name: string;
  readonly alert_rule_test?: readonly {
    readonly alertname: string;
    readonly eval_time: string;
    readonly exp_alerts: readonly unknown[];
  }[];
}

const rulesIn = (file: string): readonly Rule[] =>
  (parse(read('prometheus', file)) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);

export const recordingRules = rulesIn('recording.rules.yml');
export const alertRules = rulesIn('alerts.rules.yml');

export const ruleTests = readdirSync(join(ROOT, 'prometheus'))
  .filter((name) => name.endsWith('.test.yml'))
  .flatMap((name) => (parse(read('prometheus', name)) as { tests: RuleTest[] }).tests);

/** As Grafana gets them. */
export const dashboards = readdirSync(join(ROOT, 'grafana-dashboards'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(read('grafana-dashboards', name)) as Dashboard);

/** Panels that show something; the others are headings. */
export const panels = dashboards.flatMap((dashboard) =>
  dashboard.panels
    .filter(({ type }) => type !== 'row')
    .map((panel) => ({ dashboard, panel, targets: panel.targets ?? [] })),
);

/** As prom-client holds them. */
interface Registered {
  readonly name: string;
  readonly type: string;
  readonly aggregator?: string;
  readonly labelNames?: readonly string[];
}

export interface KnownMetric {
  readonly labels: readonly string[];
  /** How the values of several processes become one. */
  readonly aggregator: string;
}

/** Every name that an expression may ask for, with its labels: of the service, of Prometheus' own, and recorded. */
export function knownMetrics(test: TestApp): Map<string, KnownMetric> {
  const known = new Map<string, KnownMetric>();
  const add = (name: string, labels: readonly string[], aggregator = 'sum') =>
    known.set(name, { labels: [...labels, 'job', 'instance'], aggregator });
  const registered = test.services.metrics.registry.getMetricsAsArray() as unknown as readonly Registered[];
  for (const { name, type, labelNames = [], aggregator } of registered) {
    if (type === 'histogram') {
      add(`${name}_bucket`, [...labelNames, 'le']);
      for (const part of ['count', 'sum']) add(`${name}_${part}`, labelNames);
    } else {
      add(name, labelNames, aggregator);
    }
  }
  add('up', []);
  add('ALERTS', ['alertname', 'alertstate', 'severity']);
  for (const { record, expr } of recordingRules) {
    if (record !== undefined) known.set(record, { labels: readPromql(expr).groupedBy, aggregator: 'sum' });
  }
  return known;
}

/** What an expression asks for and nothing gives: `metric`, or `metric{label}`. */
export function unknownIn(expr: string, known: ReadonlyMap<string, KnownMetric>): string[] {
  const { selectors, groupedBy } = readPromql(expr);
  const missing = selectors.flatMap(({ metric, labels }) => {
    const told = known.get(metric)?.labels;
    if (told === undefined) return [metric];
    return labels.filter((label) => !told.includes(label)).map((label) => `${metric}{${label}}`);
  });
  const given = new Set(selectors.flatMap(({ metric }) => known.get(metric)?.labels ?? []));
  return [...missing, ...groupedBy.filter((label) => !given.has(label)).map((label) => `by (${label})`)];
}

/**
 * Metrics that every instance tells alike, and that an expression does not take as the most or the least that one tells.
 * Whether two builds run at a time shows by a count.
 */
export function addedUpIn(expr: string, known: ReadonlyMap<string, KnownMetric>): string[] {
  return readPromql(expr)
    .selectors.filter(({ metric, aggregations }) => {
      const aggregator = known.get(metric)?.aggregator ?? '';
      return /^m(?:ax|in)$/.test(aggregator) && aggregations[0] !== aggregator;
    })
    .map(({ metric }) => metric)
    .filter((metric) => metric !== 'tollgate_build_info');
}
