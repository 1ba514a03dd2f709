import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', 'artillery-results');

/** What one run of a scenario came to: counts, bounds, times and checks, in `artillery-results/<name>.json`. */
export function writeResult(name, result) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(
    pathOf(name),
    `${JSON.stringify({ scenario: name, at: new Date().toISOString(), ...result }, null, 2)}\n`,
  );
}

/** The page that says what the results show, made of them alone. */
export function writeSummary(scenarios) {
  const results = Object.entries(scenarios)
    .filter(([name]) => existsSync(pathOf(name)))
    .map(([name, scenario]) => ({ ...scenario, ...JSON.parse(readFileSync(pathOf(name), 'utf8')) }));
  const page = [
    '# What the burst tests show',
    'Made by `npm run artillery` of the JSON files beside it; not to be edited. Each scenario of `artillery-tests/scenarios/` ran against a ' +
      'service started for it as a developer does, over HTTP on the loopback address; clients differ by `X-Forwarded-For`, which the service is set to trust.',
    'A limit of *capacity/refill* admits `capacity + floor(refill x time)` requests, however many come at once. That is checked from both sides: by what the answers ' +
      'say (status, problem code and `RateLimit` of each), and by how `/metrics` grew; both must agree to the last request. The service ' +
      'decides at an instant between the first byte sent and the last byte received, so *least* is what the formula gives for the shortest time ' +
      'between the first decision and the last refusal, *most* for the longest time between the first decision and the last admission; no slack is added.',
    '## Limits that were pressed from the first request to the last',
    limitsTable(results),
    '## Each scenario',
    ...results.flatMap(section),
  ].join('\n\n');
  writeFileSync(join(FOLDER, 'README.md'), `${page}\n`);
}

function limitsTable(results) {
  const rows = results.flatMap(({ scenario, limits }) =>
    limits.map(({ policy, rate, asked, seconds, least, most, byAnswers, byMetrics }) => [
      scenario,
      `\`${policy}\``,
      rate,
      asked,
      seconds,
      least,
      most,
      byAnswers,
      byMetrics,
    ]),
  );
  return table(
    [
      'scenario',
      'limit',
      'capacity/refill',
      'requests',
      'seconds',
      'least',
      'most',
      'admitted by the answers',
      'by the metrics',
    ],
    rows,
  );
}

function section({
  scenario,
  title,
  shows,
  at,
  versions,
  settings,
  requests,
  answers,
  milliseconds,
  checks,
}) {
  const set = Object.entries(settings).map(([name, value]) => `\`${name}=${value}\``);
  const { median, p95, p99, max } = milliseconds;
  return [
    `### ${title}`,
    shows,
    `\`${scenario}\`, ${at.slice(0, 10)}: Artillery ${versions.artillery}, service under Node ${versions.node.slice(1)}, state in ${versions.state}; ${set.join(', ')}.`,
    `${requests} requests. Milliseconds to the first byte: median ${median}, p95 ${p95}, p99 ${p99}, longest ${max} (the load and the service share the machine).`,
    table(['answer', 'count'], Object.entries(answers).sort()),
    checks.map(({ holds, text }) => `- ${holds ? 'ok' : '**failed**'}: ${text}`).join('\n'),
  ];
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function pathOf(name) {
  return join(FOLDER, `${name}.json`);
}
