// Lives three days against a service that a real Prometheus scrapes, asks Prometheus every query of every panel of the
// dashboards, and draws what it answers.
//
//   npm run pictures                needs prometheus and redis-server (Debian packages of these names)
//   npm run pictures -- --check     draws nothing
//
// Installs Artillery and what draws at first. Ends with code 1, and draws nothing, if a query fails or is answered with nothing.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installArtillery } from '../../artillery-tests/artillery.mjs';
import { ADMIN } from '../../artillery-tests/people.mjs';
import { openRedis } from '../../artillery-tests/redis.mjs';
import { freePort, startService } from '../../bench/service.mjs';
import { findPrometheus, startPrometheus } from '../../drills/stack/prometheus.mjs';
import { until } from '../../drills/stack/running.mjs';
import { installFolder } from '../../scripts/install-folder.mjs';
import { askAll } from './answers.mjs';
import { liveDays } from './days.mjs';

const TOKEN = 'a-token-for-the-pictures-alone-0123456789';
/** From scrape to scrape, and from point to point. */
const STEP_SECONDS = 5;
/** Some scrapes before the first day and after the last. */
const QUIET_MS = 4 * STEP_SECONDS * 1000;
const UP_MS = 30_000;

const draws = !process.argv.includes('--check');
if (draws) installFolder(import.meta.dirname, { what: 'what draws (8 packages)' });
const artillery = installArtillery();
const dir = mkdtempSync(join(tmpdir(), 'tollgate-pictures-'));
const stops = [() => rmSync(dir, { recursive: true, force: true })];
try {
  const run = await live();
  for (const dashboard of run.dashboards) tell(dashboard);
  if (draws && process.exitCode !== 1) {
    const { drawDashboard } = await import('./draw/dashboard.mjs');
    for (const dashboard of run.dashboards) {
      const path = join(import.meta.dirname, '..', `${dashboard.name}.png`);
      const png = await drawDashboard(dashboard, run);
      writeFileSync(path, png);
      console.log(`ok     metrics/${dashboard.name}.png: ${Math.round(png.length / 1000)} kB`);
    }
  }
} catch (error) {
  console.log(`FAILED ${error.stack}`);
  process.exitCode = 1;
} finally {
  for (const stop of stops.reverse()) await stop();
}

/** From an empty Prometheus to all that it answers. */
async function live() {
  const redis = await openRedis();
  stops.push(() => redis.stop());
  const service = await startService({
    ...{ REDIS_URL: redis.url, TRUST_PROXY: '127.0.0.1', METRICS_TOKEN: TOKEN, BCRYPT_COST: '8' },
    ...{ ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password },
  });
  stops.push(() => service.stop());
  const secrets = join(dir, 'secrets');
  mkdirSync(secrets);
  writeFileSync(join(secrets, 'metrics_token'), TOKEN);
  const prometheus = await startPrometheus({
    ...{ dir, secrets, seconds: STEP_SECONDS, port: await freePort() },
    targets: [new URL(service.baseUrl).host],
  });
  stops.push(() => prometheus.stop());
  console.log(
    `       with ${findPrometheus().version}, Artillery ${artillery.version}, state: ${redis.what}`,
  );

  const up = () => prometheus.query('up{job="tollgate"} == 1').then(({ length }) => length > 0);
  if (!(await until(up, UP_MS))) throw new Error('Prometheus does not reach the service');
  const start = atStep(Date.now());
  await quiet();
  const { events, sent } = await liveDays({ service, redis, node: artillery.node, dir });
  await quiet();
  const end = atStep(Date.now());
  console.log(`       ${sent} requests in ${end - start} s, scraped every ${STEP_SECONDS} s`);
  const firing = (await prometheus.alerts()).filter(({ state }) => state === 'firing');
  console.log(
    `       alerts that fire: ${firing.map(({ labels }) => labels.alertname).join(', ') || 'none'}`,
  );
  const span = { start, end, step: STEP_SECONDS };
  return { ...span, events, dashboards: await askAll(prometheus, span) };
}

function tell({ title, panels, queries, faults }) {
  const drawn = panels.filter(({ targets }) => targets).length;
  const answered = queries - faults.length;
  console.log(
    `${faults.length === 0 ? 'ok    ' : 'FAILED'} ${title}: ${drawn} panels, ${queries} queries, ${answered} answered with numbers, ${faults.length} empty or refused`,
  );
  for (const fault of faults) console.log(`       ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}

function atStep(milliseconds) {
  return Math.floor(milliseconds / 1000 / STEP_SECONDS) * STEP_SECONDS;
}

function quiet() {
  return new Promise((resolve) => setTimeout(resolve, QUIET_MS));
}
