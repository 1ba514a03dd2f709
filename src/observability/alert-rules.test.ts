import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { series } from '../testing/metric-series';
import {
  addedUpIn,
  alertRules,
  type KnownMetric,
  knownMetrics,
  panels,
  recordingRules,
  ruleTests,
  unknownIn,
} from '../testing/monitoring';
import { readPromql } from '../testing/promql';
import { createTestApp, type TestApp } from '../testing/test-app';

const README = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
const alerts = alertRules.map((rule) => ({ ...rule, name: rule.alert ?? '' }));

let test: TestApp;
let known: Map<string, KnownMetric>;
beforeAll(async () => {
  test = await createTestApp();
  known = knownMetrics(test);
});
afterAll(() => test.close());

const metricsOf = (expr: string) => readPromql(expr).selectors.map(({ metric }) => metric);

it('ask for metrics and labels that there are', () => {
  for (const { alert, record, expr } of [...alertRules, ...recordingRules]) {
    expect([alert ?? record, unknownIn(expr, known)]).toEqual([alert ?? record, []]);
  }
});

it('take what every instance tells alike once, as the most or the least that one tells', () => {
  for (const { alert, record, expr } of [...alertRules, ...recordingRules]) {
    expect([alert ?? record, addedUpIn(expr, known)]).toEqual([alert ?? record, []]);
  }
});

it('count by series alone that are there before the first event, which no rate would see else', async () => {
  const fresh = [...(await series(test)).keys()];
  for (const { alert, record, expr } of [...alertRules, ...recordingRules]) {
    for (const [, metric = '', matchers = ''] of expr.matchAll(/(\w+)\{([^}]*)\}\[/g)) {
      const there = fresh.some((name) => name.startsWith(`${metric}{`) && matches(name, matchers));
      expect([alert ?? record, metric, matchers, there || fresh.includes(metric)]).toEqual([
        ...[alert ?? record, metric, matchers],
        true,
      ]);
    }
  }
});

/** Whether a series is one that these matchers ask for, but for what Prometheus adds. */
function matches(name: string, matchers: string): boolean {
  const labels = new Map([...name.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value]));
  return [...matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)]
    .filter(([, label]) => label !== 'job')
    .every(([, label, operator = '', wanted = '']) => {
      const value = labels.get(label) ?? '';
      const same = operator.includes('~') ? new RegExp(`^(?:${wanted})$`).test(value) : value === wanted;
      return same !== operator.startsWith('!');
    });
}

it('add nothing up twice that could be recorded once', () => {
  const aggregated = recordingRules.flatMap(({ expr }) => readPromql(expr).aggregated);
  expect(aggregated.length).toBeGreaterThan(10);
  expect(aggregated.filter((one, place) => aggregated.indexOf(one) !== place)).toEqual([]);
});

it('record nothing that nobody asks for', () => {
  const asked = new Set([
    ...[...alertRules, ...recordingRules].flatMap(({ expr }) => metricsOf(expr)),
    ...panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsOf(expr))),
  ]);
  expect(recordingRules.map(({ record }) => record).filter((name) => !asked.has(name ?? ''))).toEqual([]);
});

it('say how grave an alert is, what to do, and where to read and see more', () => {
  const anchors = new Set(
    [...README.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
  for (const { name, labels, annotations } of alerts) {
    expect([name, labels?.['severity']]).toEqual([name, expect.stringMatching(/^(?:critical|warning)$/)]);
    expect([name, annotations?.['summary']]).toEqual([name, expect.stringMatching(/^.{40,}\.$/)]);
    const anchor = annotations?.['runbook']?.replace('README.md#', '') ?? '';
    expect([name, anchor, anchors.has(anchor)]).toEqual([name, anchor, true]);
  }
  expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
});

it('call nothing a link that is none: whoever gets an alert has not this repository before them', () => {
  for (const { name, annotations = {} } of alerts) {
    const links = Object.entries(annotations).filter(([key]) => key.endsWith('_url'));
    expect([name, links.filter(([, url]) => !URL.canParse(url))]).toEqual([name, []]);
  }
});

it('reach somebody by what the README has for Alertmanager, which names what an alert has', () => {
  const [, text = ''] = README.split('\n### Alerts\n');
  const [prometheus, alertmanager] = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(
    ([, yaml = '']) => yaml,
  );
  expect(parse(prometheus ?? '')).toEqual({
    alerting: { alertmanagers: [{ static_configs: [{ targets: [expect.stringMatching(/:9093$/)] }] }] },
  });
  const { route } = parse(alertmanager ?? '') as { route: { routes: { matchers: string[] }[] } };
  const severities = route.routes.flatMap(({ matchers }) =>
    matchers.map((one) => /^severity="(\w+)"$/.exec(one)?.[1]),
  );
  expect(severities).toEqual(['critical']);
  const named = [...(alertmanager ?? '').matchAll(/\.Annotations\.(\w+)/g)].map(([, key]) => key);
  for (const { name, annotations = {} } of alerts) {
    expect([name, ...Object.keys(annotations).toSorted()]).toEqual([name, ...named.toSorted()]);
  }
});

/** With what a recorded metric is made of. */
function sourcesOf(expr: string): string[] {
  return metricsOf(expr).flatMap((metric) => {
    const rule = recordingRules.find(({ record }) => record === metric);
    return rule === undefined ? [metric] : [metric, ...sourcesOf(rule.expr)];
  });
}

it('have a panel each, which shows what they watch and names them, and no panel names another', () => {
  for (const { name, expr, annotations } of alerts) {
    const { __dashboardUid__: uid, __panelId__: id } = annotations ?? {};
    const found = panels.find(({ dashboard, panel }) => dashboard.uid === uid && String(panel.id) === id);
    expect([name, found?.panel.description]).toEqual([name, expect.stringContaining(`Alert: ${name}.`)]);
    const shown = new Set(found?.targets.flatMap((target) => sourcesOf(target.expr)));
    expect([name, metricsOf(expr).some((metric) => shown.has(metric))]).toEqual([name, true]);
  }
  const named = panels.flatMap(({ panel }) => [...(panel.description ?? '').matchAll(/Alert: (\w+)\./g)]);
  expect(new Set(named.map(([, alert]) => alert))).toEqual(new Set(alerts.map(({ name }) => name)));
});

it('are each shown silent, firing and resolved by a test', () => {
  for (const { name } of alerts) {
    const courses = ruleTests.map(({ alert_rule_test: steps = [] }) =>
      steps
        .filter(({ alertname }) => alertname === name)
        .toSorted((one, other) => Number.parseInt(one.eval_time, 10) - Number.parseInt(other.eval_time, 10))
        .map(({ exp_alerts: firing }) => (firing.length > 0 ? 'firing' : 'silent'))
        .join(),
    );
    expect([name, courses]).toEqual([
      name,
      expect.arrayContaining([expect.stringMatching(/^silent,firing,silent/)]),
    ]);
  }
});
