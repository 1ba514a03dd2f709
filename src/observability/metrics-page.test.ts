import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { authEndpoints } from '../auth/auth.router';
import { PROBLEM_CODES } from '../http/problem';
import { POLICY_NAMES } from '../limits/policies';
import { PUBLIC_OTP_PURPOSES } from '../stores/otp/otp-store';
import { MAIL_KINDS } from '../stores/outbox/outbox-store';
import { movedBy } from '../testing/metric-series';
import { createTestApp, type TestApp } from '../testing/test-app';

const PAGE = readFileSync(join(__dirname, '..', '..', 'metrics', 'README.md'), 'utf8');
const DASHBOARDS = ['Overview', 'Authentication', 'Abuse', 'Dependencies'];

interface Listed {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly values: string;
  readonly meaning: string;
  readonly dashboards: string | undefined;
}

const listed: readonly Listed[] = [...PAGE.matchAll(/^\| `(\w+)` \| (\w+) \|(.*)\|$/gm)].map(
  ([, name = '', type = '', rest = '']) => {
    const [values = '', meaning = '', dashboards] = rest.split(' | ').map((cell) => cell.trim());
    const labels = [...values.matchAll(/`(\w+)`:/g)].map(([, label]) => String(label)).toSorted();
    return { name, type, labels, values, meaning, dashboards };
  },
);

/** As prom-client holds them. */
interface Registered {
  readonly name: string;
  readonly type: string;
  readonly aggregator?: string;
  readonly labelNames?: readonly string[];
}

let test: TestApp;
beforeAll(async () => {
  test = await createTestApp();
});
afterAll(() => test.close());

const registered = () =>
  test.services.metrics.registry.getMetricsAsArray() as unknown as readonly Registered[];

it('lists every metric there is, and no other, by type and labels', () => {
  // Elsewhere the process tells less of itself.
  const here = listed.filter(({ meaning }) => process.platform === 'linux' || !meaning.includes('(Linux)'));
  const told = registered().map(({ name, type, labelNames = [] }) => [name, type, ...labelNames.toSorted()]);
  expect(told.toSorted()).toEqual(here.map(({ name, type, labels }) => [name, type, ...labels]).toSorted());
  expect(listed.length).toBeGreaterThan(60);
});

it('says of each of ours what it means and where it shows', () => {
  for (const { name, meaning, dashboards } of listed) {
    expect([name, meaning.length > 3]).toEqual([name, true]);
    if (/^(process|nodejs)_/.test(name)) continue;
    const unknown = dashboards?.split(', ').filter((dashboard) => !DASHBOARDS.includes(dashboard));
    expect([name, unknown]).toEqual([name, []]);
  }
});

it('marks what is to be taken once, as the most or the least that one instance or worker tells', () => {
  const marked = listed.flatMap(({ name, meaning }) => {
    const [, mark] = /\*\*(max|min)\*\*/.exec(meaning) ?? [];
    return mark === undefined ? [] : [[name, mark]];
  });
  const taken = registered()
    .filter(({ name, aggregator }) => /^m(?:ax|in)$/.test(aggregator ?? '') && name !== 'tollgate_build_info')
    .map(({ name, aggregator }) => [name, aggregator]);
  expect(marked.toSorted()).toEqual(taken.toSorted());
});

it('names every value of the labels that have a list of their own', () => {
  const valuesOf = (name: string) => listed.find((metric) => metric.name === name)?.values;
  for (const kind of MAIL_KINDS) expect(valuesOf('mails_total')).toContain(`\`${kind}\``);
  for (const purpose of PUBLIC_OTP_PURPOSES) {
    for (const name of ['otp_attempts_total', 'otp_requests_total']) {
      expect(valuesOf(name)).toContain(`\`${purpose}\``);
    }
  }
});

it('begins series that are known beforehand at 0', async () => {
  const text = await test.services.metrics.scrape();
  for (const policy of POLICY_NAMES) {
    expect(text).toContain(`rate_limits_blocked{policy="${policy}",mode="enforce"} 0\n`);
  }
  expect(text).toContain('tokens_reused_total 0\n');
  for (const code of PROBLEM_CODES) expect(text).toContain(`error_events_total{code="${code}"} 0\n`);
  for (const reason of [
    ...(authEndpoints.find(({ name }) => name === 'login')?.errors ?? []),
    'rate_limited',
  ]) {
    expect(text).toContain(`login_requests_total{outcome="${reason}"} 0\n`);
    expect(text).toContain(
      `auth_attempts_total{action="login",method="password",outcome="failure",reason="${reason}"} 0\n`,
    );
  }
  expect(text).toContain('account_funnel_total{stage="first_login"} 0\n');
  expect(await movedBy(test, /^(?!http_|rate_|postgres_)/, async () => {})).toEqual({});
});

it('gives counters and times the names that Prometheus asks for, but for those promised otherwise', () => {
  const promised = ['rate_limits_allowed', 'rate_limits_blocked'];
  for (const { name, type } of listed) {
    if (type === 'counter' && !promised.includes(name)) expect(name).toMatch(/_total$/);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});
