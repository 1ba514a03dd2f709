// Bursts against the running service, and whether what it admitted is what its limits say.
//
//   npm run artillery                         all scenarios
//   npm run artillery -- mixed-day            one of them
//   npm run artillery -- mixed-day --port=3000    with the service at a port that a Prometheus scrapes
//
// Installs Artillery at first. Each scenario gets a service of its own, started as a developer does, on one Redis. Ends
// with code 1 if a check fails; what was measured is written to artillery-results/.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startService } from '../bench/service.mjs';
import { installArtillery, runArtillery } from './artillery.mjs';
import { answerOf, checkAnswers, checkFormula, checkMetrics, checkPolicies, countBy } from './checks.mjs';
import { ADMIN, logIn, signUpPeople } from './people.mjs';
import { openRedis } from './redis.mjs';
import { writeResult, writeSummary } from './results.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { scrape } from './scrape.mjs';

const { values, positionals } = parseArgs({ options: { port: { type: 'string' } }, allowPositionals: true });
const names = positionals.length > 0 ? positionals : Object.keys(SCENARIOS);
const unknown = names.filter((name) => SCENARIOS[name] === undefined);
if (unknown.length > 0) {
  console.log(
    `FAILED there is no scenario ${unknown.join(', ')}; there are ${Object.keys(SCENARIOS).join(', ')}`,
  );
  process.exit(1);
}

let failures = 0;
const artillery = installArtillery();
const redis = await openRedis();
console.log(
  `       Artillery ${artillery.version} under Node ${artillery.nodeVersion}; state: ${redis.what}`,
);
const versions = { artillery: artillery.version, node: process.version, state: redis.what };
try {
  for (const name of names) {
    await run(name, SCENARIOS[name]).catch((error) => check(false, `${name}: ${error.message}`));
  }
} finally {
  await redis.stop();
}
writeSummary(SCENARIOS);
console.log(failures === 0 ? '       all as it should be' : `FAILED ${failures} checks`);
process.exitCode = failures === 0 ? 0 : 1;

async function run(name, scenario) {
  console.log(`\n       ${name}`);
  const service = await startService({
    TRUST_PROXY: '127.0.0.1',
    REDIS_URL: redis.url,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    ...scenario.settings,
    ...(values.port && { PORT: values.port }),
  });
  if (values.port) Object.assign(service, at(values.port));
  service.readyAt = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-artillery-'));
  try {
    const people = await signUpPeople(service, scenario);
    const policies = await showLimits(service);
    const known = { scenario, service, people, policies, before: await scrape(service) };
    writeFileSync(join(folder, 'people.json'), JSON.stringify(people.length > 0 ? people : [ADMIN]));
    writeFileSync(join(folder, 'answers'), '');
    known.report = await runArtillery(artillery.node, {
      scenario: join('scenarios', `${name}.yml`),
      target: service.baseUrl.replace('localhost', '127.0.0.1'),
      report: join(folder, 'report.json'),
      env: {
        ANSWERS: join(folder, 'answers'),
        PEOPLE: join(folder, 'people.json'),
        INBOX: service.inbox,
      },
    });
    known.after = await scrape(service);
    known.answers = readFileSync(join(folder, 'answers'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const formula = checkFormula(known);
    const lines = [
      ...checkPolicies(known),
      ...checkAnswers(known),
      ...checkMetrics(known),
      ...formula.lines,
      ...((await scenario.expect?.(known)) ?? []),
    ];
    for (const [holds, text] of lines) check(holds, text);
    writeResult(name, {
      versions,
      settings: scenario.settings,
      requests: known.answers.length,
      answers: countBy(known.answers, answerOf),
      limits: formula.table,
      milliseconds: times(known.report),
      checks: lines.map(([holds, text]) => ({ holds, text })),
    });
  } finally {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function showLimits(service) {
  const { accessToken } = await logIn(service, ADMIN);
  const answer = await fetch(`${service.api}/admin/limits`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  });
  return (await answer.json()).policies;
}

/** Milliseconds to the first byte of an answer, as Artillery measured them. */
function times({ summaries }) {
  const { median, p95, p99, max } = summaries['http.response_time'];
  return { median, p95, p99, max };
}

function at(port) {
  return { baseUrl: `http://localhost:${port}`, api: `http://localhost:${port}/api/v1` };
}

function check(holds, text) {
  if (!holds) failures += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${text}`);
}
