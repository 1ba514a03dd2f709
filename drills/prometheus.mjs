// A real Prometheus, with the deployed configuration and rules, before one instance: does it get metrics by the token, do all
// rules work on them, and does it take every query of every panel? The short form of `npm run drill:stack`.
//
//   npm run drill:prometheus     needs prometheus (Debian: apt-get install prometheus); PROMETHEUS names another binary
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startService } from '../bench/service.mjs';
import { askAll } from '../metrics/pictures/answers.mjs';
import { check } from './check.mjs';
import { findPrometheus, startPrometheus } from './stack/prometheus.mjs';
import { until } from './stack/running.mjs';

const TOKEN = 'a-token-for-this-drill-alone-0123456789';
const SECONDS = 1;
const SETTLED_MS = 40_000;
/** Two scrapes and more, so that rates have something to go by. */
const RANGE_SECONDS = 10;

const dir = mkdtempSync(join(tmpdir(), 'tollgate-prometheus-'));
const stops = [() => rmSync(dir, { recursive: true, force: true })];
try {
  console.log(`       with ${findPrometheus().version}`);
  const service = await startService({ METRICS_TOKEN: TOKEN });
  stops.push(() => service.stop());
  const secrets = join(dir, 'secrets');
  mkdirSync(secrets);
  writeFileSync(join(secrets, 'metrics_token'), TOKEN);
  const prometheus = await startPrometheus({
    ...{ dir, secrets, seconds: SECONDS, port: await freePort() },
    targets: [new URL(service.baseUrl).host],
  });
  stops.push(() => prometheus.stop());
  await drill(service, prometheus);
} catch (error) {
  check('the drill goes to its end', false, error.stack);
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function drill(service, prometheus) {
  const target = async () => (await prometheus.targets()).find(({ labels }) => labels.job === 'tollgate');
  const isUp = await until(async () => (await target())?.health === 'up', SETTLED_MS);
  check('Prometheus scrapes the instance by its token', isUp, await target());
  await fetch(`${service.api}/users/me`);
  const counted = () => prometheus.query('error_events_total{job="tollgate",code="unauthenticated"} == 1');
  check(
    'and gets what happens there',
    await until(async () => (await counted()).length === 1, SETTLED_MS),
    await counted(),
  );

  const unwell = async () => (await prometheus.rules()).filter(({ health }) => health !== 'ok');
  const areWell = await until(async () => (await unwell()).length === 0, SETTLED_MS);
  const { length: rules } = await prometheus.rules();
  check(`all ${rules} rules are evaluated on its metrics`, areWell && rules > 20, await unwell());

  const end = Math.floor(Date.now() / 1000);
  for (const { title, queries, empty, refused } of await askAll(prometheus, {
    ...{ start: end - RANGE_SECONDS, end, step: SECONDS },
  })) {
    check(
      `${title}: ${queries} queries of panels are taken (${empty.length} have nothing to tell yet)`,
      queries > 10 && refused.length === 0,
      refused,
    );
  }
}
